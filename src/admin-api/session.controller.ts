import { Body, Delete, Get, HttpCode, HttpStatus, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actOf } from '../admin-auth/act-of.js';
import { AdminController } from '../admin-auth/admin-controller.decorator.js';
import { ApiProblems } from '../admin-auth/api-problems.decorator.js';
import { Authenticator } from '../admin-auth/authenticator.js';
import { operatorOf, type Operator } from '../admin-auth/operator.js';
import { Problem } from '../admin-auth/problem.js';
import { RequiresRole } from '../admin-auth/requires-role.decorator.js';
import { isSameOrigin } from '../admin-auth/same-origin.js';
import { SessionCookie } from '../admin-auth/session-cookie.js';
import { Settings } from '../config/settings.js';
import { roles } from '../domain/role.js';
import { AuditStore } from '../store/audit.store.js';
import { SessionStore } from '../store/session.store.js';
import { instant, instantSchema } from '../views/instant.js';

const credentialSchema = z
  .union(
    [
      z.strictObject({ token: z.string().min(1).max(1000).describe('An admin token.') }),
      z.strictObject({ code: z.string().min(1).max(1000).describe('The code of a one-time sign-in link.') }),
    ],
    { error: 'must be {"token": "…"} or {"code": "…"}' },
  )
  .meta({ id: 'SignIn' });

const sessionSchema = z
  .object({
    name: z.string().describe('Of the token that is used.'),
    role: z.enum(roles),
    expires_at: instantSchema
      .nullable()
      .describe('When the session ends, if it is used until then; null: a token without an end.'),
    mode: z.enum(['emulator', 'gateway']),
  })
  .meta({ id: 'Session' });

@AdminController('session', 'Access')
export class SessionController {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly sessions: SessionStore,
    private readonly audit: AuditStore,
    private readonly settings: Settings,
  ) {}

  @Post()
  @RequiresRole('nobody')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Sign in: a session, in a cookie', description: 'A session the browser had before ends.' })
  @ApiOkResponse({ standardSchema: sessionSchema })
  async signIn(
    @Body({ schema: credentialSchema }) body: z.infer<typeof credentialSchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    // Or another site could sign a browser in as somebody else, and see what they do then.
    if (!isSameOrigin(request.headers)) throw new Problem('cross_site', 'Sign in from the console itself.');
    const operator = 'token' in body ? await this.authenticator.ofToken(body.token) : await this.#ofCode(body.code);
    const cookie = new SessionCookie(request);
    const session = await this.sessions.open(operator.credential, cookie.read());
    await this.audit.enter(actOf(request, operator));
    void reply.header('set-cookie', cookie.write(session.id));
    return this.#view({ ...operator, expiresAt: session.expiresAt });
  }

  @Get()
  @RequiresRole('viewer')
  @ApiOperation({ summary: 'Who is signed in' })
  @ApiOkResponse({ standardSchema: sessionSchema })
  read(@Req() request: FastifyRequest) {
    return this.#view(operatorOf(request));
  }

  @Delete()
  @RequiresRole('viewer')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Sign out' })
  @ApiNoContentResponse()
  @ApiProblems('invalid_request')
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const operator = operatorOf(request);
    const { sessionHash } = operator;
    if (sessionHash === null) {
      throw new Problem('invalid_request', 'There is no session: a token ends with DELETE /api/v1/tokens/{id}.');
    }
    await this.sessions.end(sessionHash);
    await this.audit.enter(actOf(request, operator));
    void reply.header('set-cookie', new SessionCookie(request).clear());
  }

  async #ofCode(code: string): Promise<Operator> {
    if (await this.sessions.useCode(code)) return this.authenticator.bootstrap();
    throw new Problem(
      'unauthorized',
      'This sign-in link was used, or is older than a quarter of an hour: sign in with a token, or start the server again.',
    );
  }

  #view({ name, role, expiresAt }: Operator): z.infer<typeof sessionSchema> {
    return {
      name,
      role,
      expires_at: expiresAt === null ? null : instant(expiresAt.getTime()),
      mode: this.settings.values.MODE,
    };
  }
}
