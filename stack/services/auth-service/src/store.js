import { randomInt } from 'node:crypto';
import pg from 'pg';
import { exception } from './log.js';

const SESSION_DAYS = 14;

export function connectDatabase({ databaseUrl, poolSize }, log) {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'auth-service',
    max: poolSize,
    min: 1,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 2000,
    statement_timeout: 2000,
    query_timeout: 3000, // a server that hangs enforces nothing
  });
  pool.on('error', (error) => {
    log.warn({ 'event.name': 'database.connection.lost', ...exception(error) }, 'an idle database connection broke');
  });
  return pool;
}

const number = () => randomInt(100_000_000, 1_000_000_000);

export function createStore(pool) {
  const rows = async (text, values) => (await pool.query(text, values)).rows;
  const first = async (text, values) => (await rows(text, values))[0] ?? null;

  return {
    userByEmail: (email) =>
      first('SELECT id, tenant_id, password_hash, roles, locked_until FROM users WHERE email = $1', [email]),

    userById: (id) => first('SELECT id, email, tenant_id, password_hash, roles FROM users WHERE id = $1', [id]),

    /** The new user's id, or null when the e-mail is taken. */
    addUser: async ({ tenantId, email, name, passwordHash }) => {
      const row = await first(
        'INSERT INTO users (id, tenant_id, email, name, password_hash) VALUES ($1, $2, $3, $4, $5) ' +
          'ON CONFLICT (email) DO NOTHING RETURNING id',
        [`u${number()}`, tenantId, email, name, passwordHash],
      );
      return row?.id ?? null;
    },

    setPassword: (id, passwordHash) =>
      rows('UPDATE users SET password_hash = $2 WHERE id = $1', [id, passwordHash]),

    lock: (id, seconds) =>
      rows('UPDATE users SET locked_until = now() + make_interval(secs => $2) WHERE id = $1', [id, seconds]),

    /** The roles a user had before, or null when there is no such user. */
    setRoles: async (id, roles) => {
      const row = await first(
        'UPDATE users u SET roles = $2 FROM (SELECT id, roles FROM users WHERE id = $1 FOR UPDATE) before ' +
          'WHERE u.id = before.id RETURNING before.roles',
        [id, roles],
      );
      return row?.roles ?? null;
    },

    /** Opens a session; `familiar` says whether the user was seen at this address before, null for a first session. */
    addSession: async ({ id, userId, refreshSha256, address, agent }) => {
      const row = await first(
        'INSERT INTO sessions (id, user_id, refresh_sha256, address, user_agent, expires_at) ' +
          'VALUES ($1, $2, $3, $4, $5, now() + make_interval(days => $6)) ' +
          'RETURNING (SELECT bool_or(s.address = $4) FROM sessions s WHERE s.user_id = $2) AS familiar',
        [id, userId, refreshSha256, address, agent, SESSION_DAYS],
      );
      return row.familiar;
    },

    session: (id) =>
      first(
        'SELECT s.revoked_at, s.expires_at, u.id AS user_id, u.tenant_id, u.roles FROM sessions s ' +
          'JOIN users u ON u.id = s.user_id WHERE s.id = $1',
        [id],
      ),

    sessionByRefresh: (sha256) =>
      first('SELECT id, user_id, revoked_at, expires_at FROM sessions WHERE refresh_sha256 = $1', [sha256]),

    /** Replaces the refresh token of a live session: of two requests with the same token one gets nothing. */
    rotate: (oldSha256, newSha256, { address, agent }) =>
      first(
        'UPDATE sessions s SET refresh_sha256 = $2, address = $3, user_agent = $4, ' +
          'expires_at = now() + make_interval(days => $5) FROM users u ' +
          'WHERE u.id = s.user_id AND s.refresh_sha256 = $1 AND s.revoked_at IS NULL AND s.expires_at > now() ' +
          'RETURNING s.id AS session_id, u.id AS user_id, u.tenant_id, u.roles',
        [oldSha256, newSha256, address, agent, SESSION_DAYS],
      ),

    /** Whose session was ended, or null when it was not alive. */
    revoke: (id) =>
      first('UPDATE sessions SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING user_id', [id]),

    /** How many other sessions of the user were ended. */
    revokeOthers: async (userId, keep) =>
      (
        await rows(
          'UPDATE sessions SET revoked_at = now() WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL ' +
            'AND expires_at > now() RETURNING id',
          [userId, keep],
        )
      ).length,

    addKey: async ({ userId, name, keySha256 }) => {
      const id = `k${number()}`;
      await rows('INSERT INTO api_keys (id, user_id, key_sha256, name) VALUES ($1, $2, $3, $4)', [
        id,
        userId,
        keySha256,
        name,
      ]);
      return id;
    },

    key: (keySha256) =>
      first(
        'SELECT k.id, k.revoked_at, u.id AS user_id, u.tenant_id, u.roles FROM api_keys k ' +
          'JOIN users u ON u.id = k.user_id WHERE k.key_sha256 = $1',
        [keySha256],
      ),

    audit: (userId, event, outcome, address) =>
      rows('INSERT INTO auth_audit (user_id, event, outcome, address) VALUES ($1, $2, $3, $4)', [
        userId,
        event,
        outcome,
        address,
      ]),
  };
}
