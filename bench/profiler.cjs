// Loaded into the server by parts.mjs: SIGUSR2 begins a CPU profile, the next one ends it and writes it to PROFILE.
const { writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');

const INTERVAL_MICROSECONDS = 500;
let session;
process.on('SIGUSR2', () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS });
    session.post('Profiler.start');
  } else {
    session.post('Profiler.stop', (_error, { profile }) => {
      writeFileSync(process.env.PROFILE, JSON.stringify(profile));
    });
  }
});
