/**
 * The store cannot be used as configured: no server, no access, a data folder of another version. The message is one
 * sentence for the person who started the program, without secrets; `cause` has the rest.
 */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}
