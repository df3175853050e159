/** A start that cannot go on for a reason the operator can mend. The message says how; a stack would only hide it. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
