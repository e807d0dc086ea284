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

// The sign-in dialog begins with the name. An empty field is no sign-in: Swagger UI would send what it is not asked to.
function SignIn() {
  const Input = (Original, { React }) => function Field(props) {
    const isOurs = /^auth-/.test(props.id);
    const rules = { required: true, pattern: ".*\\S.*", title: "Not empty", autoFocus: props.id === "auth-basic-username" };
    return React.createElement(Original, isOurs ? { ...props, ...rules } : props);
  };
  // A request has one `Authorization`: the last sign-in ends the one before.
  const authorize = (original, { authActions, authSelectors }) => (given) => {
    const before = authSelectors.authorized().keySeq().toArray();
    if (before.length > 0) authActions.logout(before);
    return original(given);
  };
  return { wrapComponents: { Input }, statePlugins: { auth: { wrapActions: { authorize } } } };
}

// Credentials are sent in UTF-8. Swagger UI encodes one byte a character, and none above 255: so it gets the bytes.
function Utf8() {
  const bytes = (text) => String.fromCharCode(...new TextEncoder().encode(text));
  const executeRequest = (original) => (request) => {
    const { basic, ...others } = request.securities.authorized;
    if (!basic) return original(request);
    const { username, password } = basic.value;
    const authorized = { ...others, basic: { ...basic, value: { username: bytes(username), password: bytes(password) } } };
    return original({ ...request, securities: { ...request.securities, authorized } });
  };
  return { statePlugins: { spec: { wrapActions: { executeRequest } } } };
}

// Each operation has some fifteen problems: all but success is folded, so that the next operation is in sight.
// What is folded is first made when it is opened: an operation opens sooner for it.
function Folding() {
  const response = (Original, { React }) => class Response extends Original {
    render() {
      const row = super.render();
      if (/^2/.test(this.props.code)) return row;
      const [status, cell, links] = row.props.children;
      const [description, ...details] = cell.props.children;
      const onToggle = ({ currentTarget }) => currentTarget.open && this.setState({ opened: true });
      const folded = React.createElement("details", { onToggle },
        React.createElement("summary", null, description), ...this.state.opened ? details : []);
      return React.cloneElement(row, null, status, React.cloneElement(cell, null, folded), links);
    }
  };
  return { wrapComponents: { response } };
}

// Swagger UI's dark colours come with a button that is not on this page.
function Dark() {
  const preference = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", preference.matches);
  preference.addEventListener("change", follow);
  follow();
  return {};
}
