// Swagger UI would play a recording from its address, which takes credentials. This plays what came, and lets it be saved.
function Recordings() {
  const responseBody = (Original, { React }) => function Recording(props) {
    const { content, contentType } = props;
    const isRecording = content instanceof Blob && /^audio\//.test(contentType);
    const [url, setUrl] = React.useState(null);
    React.useEffect(() => {
      if (!isRecording) return undefined;
      const made = URL.createObjectURL(content);
      setUrl(made);
      return () => URL.revokeObjectURL(made);
    }, [content, isRecording]);
    if (!isRecording) return React.createElement(Original, props);
    return url && React.createElement("div", null,
      React.createElement("h5", null, "Response body"),
      React.createElement("audio", { controls: true, src: url }),
      React.createElement("p", null, React.createElement("a", { href: url, download: "recording.wav" }, "Download file")));
  };
  return { wrapComponents: { responseBody } };
}
