/** Records until `stop` is called; then a WAV file comes. Browsers ask for the microphone on https and 127.0.0.1 only. */
export async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const stopped = new Promise((over) => recorder.addEventListener("stop", over));
  recorder.start();
  return async function stop() {
    recorder.stop();
    await stopped;
    stream.getTracks().forEach((track) => track.stop());
    return toWav(new Blob(parts));
  };
}

/** What a browser can decode as a WAV file: PCM, 16 bit, 8 kHz, mono. */
export async function toWav(recorded) {
  const rate = 8000;
  // It is decoded at the rate of its context.
  const audio = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await recorded.arrayBuffer());
  const samples = audio.getChannelData(0);
  const file = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, n) => file.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 16, true); // length of the format
  file.setUint16(20, 1, true); // PCM
  file.setUint16(22, 1, true); // channels
  file.setUint32(24, rate, true);
  file.setUint32(28, 2 * rate, true); // bytes in a second
  file.setUint16(32, 2, true); // bytes of a sample
  file.setUint16(34, 16, true); // bits of a sample
  text(36, "data");
  file.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, n) => file.setInt16(44 + 2 * n, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return new Blob([file], { type: "audio/wav" });
}
