import { randomUUID } from 'node:crypto';
import { event } from './log.js';
import { Refusal } from './refusal.js';
import { ACCESS_SECONDS, refreshToken, sha256 } from './tokens.js';
import { inSpan } from './tracing.js';

const FAILURES = {
  invalid_token: 'INVALID_TOKEN',
  expired_token: 'TOKEN_EXPIRED',
  session_revoked: 'SESSION_REVOKED',
};

const principal = (user, sessionId) => ({
  user_id: user.user_id ?? user.id,
  tenant_id: user.tenant_id,
  roles: user.roles,
  session_id: sessionId,
});

const asIds = ({ user_id, session_id, tenant_id }) => ({ userId: user_id, sessionId: session_id, tenantId: tenant_id });

/** Sessions: opened by a login, carried by an access token, prolonged by a refresh token that changes with each use. */
export function createSessions({ store, limits, tokens, metrics, log }) {
  async function grant(who, refresh) {
    const access = await tokens.sign(who);
    metrics.tokens.inc({ kind: 'access' });
    metrics.tokens.inc({ kind: 'refresh' });
    return {
      access_token: access,
      refresh_token: refresh,
      expires_in: ACCESS_SECONDS,
      session_id: who.session_id,
      user: who,
    };
  }

  /** `familiar`: whether the user was seen at this address before. */
  function open(user, caller) {
    return inSpan('session.open', { 'user.id': user.id }, async () => {
      const who = principal(user, randomUUID());
      const refresh = refreshToken();
      const familiar = await store.addSession({
        id: who.session_id,
        userId: who.user_id,
        refreshSha256: sha256(refresh),
        address: caller.address,
        agent: caller.agent,
      });
      caller.identify(asIds(who));
      return { tokens: await grant(who, refresh), familiar };
    });
  }

  async function refresh({ refresh_token: old }, caller) {
    const renewed = refreshToken();
    const row = await store.rotate(sha256(old), sha256(renewed), caller);
    if (!row) throw await refuseRefresh(old, caller);

    const who = principal(row, row.session_id);
    caller.identify(asIds(who));
    await limits.retire(old, who.session_id);
    log.info(
      event('auth.token.refresh', caller, { ...asIds(who), method: 'bearer', 'auth.token.type': 'refresh' }),
      `session of ${who.user_id} prolonged`,
    );
    return grant(who, renewed);
  }

  async function refuseRefresh(token, caller) {
    const refuse = (code, failure, message, ids) => {
      if (ids) caller.identify(ids);
      metrics.verifications.inc({ result: code });
      log.info(
        event('auth.token.refresh', caller, { ...ids, failure, method: 'bearer', 'auth.token.type': 'refresh' }),
        message,
      );
      return new Refusal(401, code);
    };

    const session = await store.sessionByRefresh(sha256(token));
    if (session) {
      const ids = { userId: session.user_id, sessionId: session.id };
      return session.revoked_at
        ? refuse('invalid_token', 'SESSION_REVOKED', `refresh refused: session of ${ids.userId} was ended`, ids)
        : refuse('expired_token', 'TOKEN_EXPIRED', `refresh refused: session of ${ids.userId} has expired`, ids);
    }
    const used = await limits.reuse(token);
    if (!used) return refuse('invalid_token', 'INVALID_TOKEN', 'refresh refused: unknown token');
    const ids = { sessionId: used.sessionId };
    if (!used.stale) {
      return refuse('invalid_token', 'TOKEN_REPLACED', 'refresh refused: the token was just replaced', ids);
    }

    const revoked = await store.revoke(used.sessionId);
    if (revoked) {
      ids.userId = revoked.user_id;
      await store.audit(revoked.user_id, 'refresh', 'reuse', caller.address);
      log.warn(
        event('auth.session.revoked', caller, ids),
        `a replaced refresh token of ${revoked.user_id} came again: session ended`,
      );
    }
    return refuse('invalid_token', 'TOKEN_REUSED', 'refresh refused: the token was replaced long ago', ids);
  }

  /** Whose access token this is. Roles are today's, not those of the time of the login. */
  function authenticate(token, caller) {
    return inSpan('session.authenticate', {}, async () => {
      let claims;
      try {
        claims = await tokens.open(token);
        const session = await store.session(claims.sid);
        if (!session || session.revoked_at) throw Object.assign(new Refusal(401, 'session_revoked'), { claims });
        const who = principal(session, claims.sid);
        caller.identify(asIds(who));
        metrics.verifications.inc({ result: 'ok' });
        return { ...who, token_id: claims.jti };
      } catch (error) {
        if (error instanceof Refusal) noteRejected(error, caller);
        throw error;
      }
    });
  }

  function noteRejected({ code, claims }, caller) {
    const ids = claims && { userId: claims.sub, sessionId: claims.sid, tenantId: claims.tid };
    if (ids) caller.identify(ids);
    metrics.verifications.inc({ result: code });
    const attributes = event('auth.token.verify', caller, {
      ...ids,
      failure: FAILURES[code],
      method: 'bearer',
      'auth.token.type': 'access',
      'auth.token.id': claims?.jti,
    });
    if (code === 'expired_token') {
      const late = Math.round(Date.now() / 1000 - claims.exp);
      log.info(attributes, `access token of ${claims.sub} expired ${late} s ago`);
    } else if (code === 'session_revoked') {
      log.warn(attributes, `access token of ${claims.sub} belongs to a session that was ended`);
    } else {
      log.warn(attributes, 'access token is not genuine');
    }
  }

  async function verify({ access_token: token }, caller) {
    const { token_id: tokenId, ...who } = await authenticate(token, caller);
    if (who.roles.includes('admin')) {
      log.info(
        event('auth.token.verify', caller, {
          ...asIds(who),
          method: 'bearer',
          'auth.token.type': 'access',
          'auth.token.id': tokenId,
          'user.roles': who.roles,
        }),
        `admin ${who.user_id} verified`,
      );
    }
    return who;
  }

  async function logout({ access_token: token }, caller) {
    const who = await authenticate(token, caller);
    await store.revoke(who.session_id);
    await store.audit(who.user_id, 'logout', 'success', caller.address);
    log.info(event('auth.logout', caller, { ...asIds(who), method: 'bearer' }), `${who.user_id} logged out`);
  }

  return {
    open,
    authenticate,
    verify,
    refresh: (body, caller) => inSpan('session.refresh', {}, () => refresh(body, caller)),
    logout: (body, caller) => inSpan('session.logout', {}, () => logout(body, caller)),
  };
}
