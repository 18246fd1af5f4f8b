import { event } from './log.js';
import { Refusal } from './refusal.js';
import { apiKey, sha256 } from './tokens.js';
import { inSpan } from './tracing.js';

const MAY_CREATE = ['partner', 'admin'];

/** API keys of partners and admins. Only their digests are stored. */
export function createKeys({ store, sessions, metrics, log }) {
  async function create({ access_token: token, name }, caller) {
    const who = await sessions.authenticate(token, caller);
    const ids = { userId: who.user_id, sessionId: who.session_id, tenantId: who.tenant_id, method: 'bearer' };
    if (!who.roles.some((role) => MAY_CREATE.includes(role))) {
      await store.audit(who.user_id, 'key', 'forbidden', caller.address);
      log.warn(
        event('auth.key.create', caller, { ...ids, failure: 'FORBIDDEN' }),
        `${who.user_id} may not create an API key`,
      );
      throw new Refusal(403, 'forbidden');
    }
    const key = apiKey();
    const id = await store.addKey({ userId: who.user_id, name, keySha256: sha256(key) });
    await store.audit(who.user_id, 'key', 'success', caller.address);
    metrics.tokens.inc({ kind: 'api_key' });
    log.info(event('auth.key.create', caller, { ...ids, 'auth.key.id': id }), `${who.user_id} created API key ${id}`);
    return { id, api_key: key };
  }

  async function verify({ api_key: key }, caller) {
    const row = await store.key(sha256(key));
    const ids = row && { userId: row.user_id, tenantId: row.tenant_id };
    if (ids) caller.identify(ids);
    const note = (more) =>
      event('auth.token.verify', caller, { ...ids, method: 'api_key', 'auth.key.id': row?.id, ...more });

    if (!row || row.revoked_at) {
      metrics.verifications.inc({ result: 'invalid_key' });
      log.warn(
        note({ failure: row ? 'KEY_REVOKED' : 'INVALID_KEY' }),
        row ? `API key ${row.id} of ${row.user_id} was revoked` : 'unknown API key',
      );
      throw new Refusal(401, 'invalid_key');
    }
    metrics.verifications.inc({ result: 'ok' });
    if (row.roles.includes('admin')) {
      log.info(note({ 'user.roles': row.roles }), `admin ${row.user_id} verified by key ${row.id}`);
    }
    return { user_id: row.user_id, tenant_id: row.tenant_id, roles: row.roles, session_id: null };
  }

  return {
    create: (body, caller) => inSpan('key.create', {}, () => create(body, caller)),
    verify: (body, caller) => inSpan('key.verify', {}, () => verify(body, caller)),
  };
}
