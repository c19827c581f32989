import { Injectable } from '@nestjs/common';
import { CallerAuthenticator } from './caller-authenticator.js';
import { GraphEndpoints, type AppCall, type GraphRoute } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { readText } from './parameter-values.js';

const pageScopes = ['pages_messaging', 'pages_manage_metadata', 'instagram_basic', 'instagram_manage_messages'];

/** What a token is: which app's, for which page, until when. */
@Injectable()
export class DebugTokenEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'root', verb: 'GET', edge: 'debug_token', answer: (call) => this.explain(call) },
  ];

  constructor(private readonly authenticator: CallerAuthenticator) {
    super();
  }

  private explain({ caller, parameters }: AppCall): object {
    const token = readText(parameters, 'input_token', 'input_token', Number.POSITIVE_INFINITY);
    if (token === null) throw new GraphError('parameter_required', 'input_token');
    const meaning = this.authenticator.meaningOf(token);
    // The keys before it keep `error` out of the first fifty characters, where old clients look for a failed call.
    const invalid = { is_valid: false, scopes: [], expires_at: 0, data_access_expires_at: 0 };
    if (meaning === null) {
      return { data: { ...invalid, error: { code: 190, message: new GraphError('invalid_token').message } } };
    }
    if (meaning.app.appId !== caller.app.appId) {
      throw new GraphError('invalid_parameter', 'The App_id in the input_token did not match the Viewing App');
    }
    const { appId, name } = meaning.app;
    if (meaning.kind === 'app') {
      return { data: { app_id: appId, type: 'APP', application: name, is_valid: true, expires_at: 0, scopes: [] } };
    }
    const { expiresAt, pageId } = meaning.holder;
    return {
      data: {
        app_id: appId,
        type: 'PAGE',
        application: name,
        is_valid: !meaning.expired,
        expires_at: expiresAt === null ? 0 : Math.floor(expiresAt / 1000),
        scopes: pageScopes,
        profile_id: pageId,
      },
    };
  }
}
