import { Redis } from 'ioredis';
import { exception } from './log.js';
import { sha256 } from './tokens.js';

export const MAX_FAILURES = 5;
export const LOCK_SECONDS = 15 * 60;
const RATE_SECONDS = 60;
const ROTATED_SECONDS = 14 * 24 * 3600;
const REUSE_GRACE_MS = 30_000; // a client that repeats a refresh whose answer it never saw is no thief

/** Keys show up in spans and in MONITOR: what they count stands in them as a digest. */
const key = (kind, value) => `auth:${kind}:${sha256(value).toString('hex').slice(0, 40)}`;

export function connectRedis(url, log) {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: 'auth-service',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 2000,
    commandTimeout: 1000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
  });
  let state = 'new'; // a first connection that fails is reported by the start, once
  redis.on('error', (error) => {
    if (state !== 'up') return;
    state = 'lost';
    log.warn({ 'event.name': 'redis.unavailable', ...exception(error) }, 'lost the connection to Redis');
  });
  redis.on('ready', () => {
    if (state === 'lost') log.info({ 'event.name': 'redis.available' }, 'connected to Redis again');
    state = 'up';
  });
  return redis;
}

/**
 * Counters of wrong passwords and of logins by address, and the refresh tokens already used. Without Redis they let
 * everybody pass: `users.locked_until` still holds for accounts that are locked.
 */
export function createLimits({ redis, log, loginsPerMinute }) {
  async function unlessDown(what, fallback, work) {
    try {
      return await work();
    } catch (error) {
      log.warn({ 'event.name': 'limits.skipped', 'limit.name': what, ...exception(error) }, `${what} is not enforced`);
      return fallback;
    }
  }

  async function count(name, seconds) {
    const total = await redis.incr(name);
    if (total === 1) await redis.expire(name, seconds);
    return total;
  }

  return {
    /** Whether this address may try another login within the minute. */
    admit: (address) =>
      unlessDown('login rate limit', true, async () => {
        return (await count(key('logins', address), RATE_SECONDS)) <= loginsPerMinute;
      }),

    /** Wrong passwords for this e-mail in the window. */
    failures: (email) =>
      unlessDown('account lock-out', 0, async () => Number(await redis.get(key('failures', email)))),

    /** Counts one more; the window starts with the first and, once locked, again with the last. */
    fail: (email) =>
      unlessDown('account lock-out', 0, async () => {
        const name = key('failures', email);
        const total = await count(name, LOCK_SECONDS);
        if (total === MAX_FAILURES) await redis.expire(name, LOCK_SECONDS);
        return total;
      }),

    forget: (email) => unlessDown('account lock-out', 0, () => redis.del(key('failures', email))),

    /** Remembers that a refresh token was replaced. */
    retire: (token, sessionId) =>
      unlessDown('refresh token reuse check', null, () =>
        redis.set(key('rotated', token), `${sessionId} ${Date.now()}`, 'EX', ROTATED_SECONDS),
      ),

    /** The session in which a refresh token was already used, and whether too long ago to be a repetition. */
    reuse: (token) =>
      unlessDown('refresh token reuse check', null, async () => {
        const value = await redis.get(key('rotated', token));
        if (!value) return null;
        const [sessionId, at] = value.split(' ');
        return { sessionId, stale: Date.now() - Number(at) > REUSE_GRACE_MS };
      }),
  };
}
