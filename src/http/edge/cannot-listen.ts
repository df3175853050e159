import { StartupError, systemReason } from '../../config/startup.error';

/** @param variable that sets the port */
export const cannotListen =
  (variable: string, host: string, port: number) =>
  (error: unknown): never => {
    throw new StartupError(`${variable}: cannot listen on ${host}:${port} (${systemReason(error)})`);
  };
