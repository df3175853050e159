import { parentPort, workerData } from 'node:worker_threads';
import type { InspectionOrder, InspectionReply } from './onnx-inspection';
import { walkOnnxFile } from './onnx-walk';
import { MalformedFile } from './protobuf-reader';

/** A thread that reads one untrusted file and ends. */
const { path, allowLoops } = workerData as InspectionOrder;

function inspect(): InspectionReply {
  try {
    return { description: walkOnnxFile(path, allowLoops) };
  } catch (error) {
    if (error instanceof MalformedFile) return { refusal: error.message };
    throw error;
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage(inspect());
