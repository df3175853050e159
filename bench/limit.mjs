// The limit: `session.run` in a loop, a process a core, one thread each, the tensor made beforehand.
//     node limit.mjs <model file> <ms>     prints the number of runs and the milliseconds they took
import { SIDE } from './models/models.mjs';
import { InferenceSession, Tensor } from './onnxruntime.mjs';

const [file, milliseconds] = process.argv.slice(2);
const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const image = new Tensor('float32', new Float32Array(SIDE * SIDE).fill(0.5), [1, 1, SIDE, SIDE]);
for (let i = 0; i < 20; i++) await session.run({ image });

const started = performance.now();
let runs = 0;
for (; performance.now() - started < Number(milliseconds); runs++) await session.run({ image });
process.stdout.write(JSON.stringify({ runs, milliseconds: performance.now() - started }));
