// Import this before onnxruntime-node: since 1.29 its binding writes a device id and calls its vendor unless told not to.
if (process.env['ORT_DISABLE_TELEMETRY'] !== '1') {
  throw new Error('ORT_DISABLE_TELEMETRY=1 must be set before onnxruntime is loaded');
}
