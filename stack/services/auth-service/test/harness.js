import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after } from 'node:test';
import pg from 'pg';
import { createApp } from '../src/app.js';
import { connectRedis } from '../src/limits.js';
import { createLog } from '../src/log.js';
import { createMetrics } from '../src/metrics.js';
import { connectDatabase } from '../src/store.js';

const SCHEMA = new URL('../../../seed/schema.sql', import.meta.url);
const ROLES = ['web_api', 'auth_service', 'payment_worker', 'otel'];
export const TOKEN_KEY = randomBytes(32).toString('hex');

function needed(name) {
  if (!process.env[name]) {
    console.error(`These tests need a real PostgreSQL and Redis: ${name} is not set (make test-services sets it).`);
    process.exit(1);
  }
  return process.env[name];
}

/** A database of its own with the shop's schema. The service's URL acts as its role, so that its grants are tried. */
export async function createDatabase() {
  const owner = new URL(needed('DATABASE_URL'));
  const name = `auth_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: owner.href });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  owner.pathname = `/${name}`;

  const client = new pg.Client({ connectionString: owner.href });
  await client.connect();
  for (const role of ROLES) {
    await client.query(
      `DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    );
  }
  await client.query(await readFile(SCHEMA, 'utf8'));
  await client.query("INSERT INTO tenants VALUES (1, 'Alder & Pine', 'alderpine.com')");
  after(async () => {
    await client.end();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
  });

  const service = new URL(owner);
  service.searchParams.set('options', '-c role=auth_service');
  return { url: service.href, query: (text, values) => client.query(text, values).then(({ rows }) => rows) };
}

/** The application over real stores, with its log records at hand. */
export async function createService(settings = {}) {
  const database = await createDatabase();
  const records = [];
  const log = createLog('debug', { write: (line) => records.push(JSON.parse(line)) });
  const config = {
    databaseUrl: database.url,
    redisUrl: needed('REDIS_URL'),
    tokenKey: new TextEncoder().encode(TOKEN_KEY),
    poolSize: 4,
    loginsPerMinute: 1000,
    ...settings,
  };
  const pool = connectDatabase(config, log);
  const redis = connectRedis(config.redisUrl, log);
  await redis.connect();
  const metrics = createMetrics();
  const app = createApp({ config, pool, redis, metrics, log, version: '2.1.0' });
  after(async () => {
    await app.close();
    await pool.end();
    redis.disconnect();
  });

  const send = async (method, url, payload, headers) => {
    const response = await app.inject({ method, url, payload, headers });
    return { status: response.statusCode, body: response.body && JSON.parse(response.body) };
  };
  return {
    app,
    config,
    database,
    pool,
    redis,
    records,
    post: (url, payload, headers) => send('POST', url, payload, headers),
    put: (url, payload) => send('PUT', url, payload),
    events: (name) => records.filter((record) => record['event.name'] === name),
    metric: async (name, labels) => {
      const { values } = await metrics.register.getSingleMetric(name).get();
      return values.find((value) => Object.entries(labels).every(([key, is]) => value.labels[key] === is))?.value;
    },
  };
}

export const PASSWORD = 'Amber-cedar-4711';

/** An address nobody else has: Redis is shared by all runs. */
export const newEmail = () => `${randomBytes(6).toString('hex')}@larkpost.com`;

export async function registered(service, roles) {
  const email = newEmail();
  const { status, body } = await service.post('/v1/register', { email, password: PASSWORD, name: 'Ada', tenant_id: 1 });
  assert.equal(status, 201);
  if (roles) await service.database.query('UPDATE users SET roles = $2 WHERE id = $1', [body.user.user_id, roles]);
  return { email, ...body, id: body.user.user_id };
}
