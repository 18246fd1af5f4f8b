import { readFileSync } from 'node:fs';

export class ConfigurationError extends Error {}

/** The release that runs: VERSION in the working folder. */
export function version() {
  return readFileSync('VERSION', 'utf8').trim();
}

/** Everything from the environment; a missing or unusable value is one sentence. */
export function readConfig(env = process.env) {
  return {
    host: env.HOST ?? '0.0.0.0',
    port: wholeNumber(env, 'PORT', 3000),
    logLevel: env.LOG_LEVEL?.toLowerCase() ?? 'info',
    databaseUrl: required(env, 'DATABASE_URL'),
    redisUrl: required(env, 'REDIS_URL'),
    tokenKey: tokenKey(env),
    poolSize: wholeNumber(env, 'DATABASE_POOL_SIZE', 8),
    loginsPerMinute: wholeNumber(env, 'LOGINS_PER_MINUTE', 30),
  };
}

function required(env, name) {
  if (!env[name]) throw new ConfigurationError(`${name} is not set`);
  return env[name];
}

function wholeNumber(env, name, fallback) {
  const value = Number(env[name] ?? fallback);
  if (!Number.isInteger(value) || value < 0) throw new ConfigurationError(`${name} is not a whole number`);
  return value;
}

function tokenKey(env) {
  const key = new TextEncoder().encode(required(env, 'TOKEN_KEY'));
  // RFC 7518, 3.2: a key for HS256 is at least as long as the hash.
  if (key.length < 32) throw new ConfigurationError('TOKEN_KEY has fewer than 32 bytes');
  return key;
}
