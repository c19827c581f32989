/** Why a change of the configuration is refused. Public codes. */
export type ConfigurationErrorCode =
  | 'page_not_found'
  | 'app_not_found'
  | 'connection_not_found'
  | 'route_not_found'
  /** An app named by a page or route does not exist. */
  | 'unknown_app'
  /** An app named as default or social app is not connected to the page. */
  | 'app_not_connected'
  /** The id already names another page or Instagram account. */
  | 'id_taken';

/** A change of the configuration that is refused and changed nothing. The message is for people. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';

  constructor(
    readonly code: ConfigurationErrorCode,
    message: string,
  ) {
    super(message);
  }
}
