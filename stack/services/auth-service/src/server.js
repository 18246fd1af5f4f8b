import { createApp } from './app.js';
import { ConfigurationError, readConfig, version as readVersion } from './config.js';
import { connectRedis } from './limits.js';
import { createLog, exception } from './log.js';
import { createMetrics } from './metrics.js';
import { connectDatabase } from './store.js';
import { stopTelemetry } from './telemetry.js';

const STOP_MS = 10_000; // for requests that are being answered

/** Runs the service until it is told to stop. */
export async function serve() {
  const log = createLog(process.env.LOG_LEVEL?.toLowerCase() ?? 'info');
  const leave = async (code) => {
    await stopTelemetry();
    process.exit(code);
  };
  const crash = async (error) => {
    log.fatal({ 'event.name': 'service.failed', ...exception(error) }, `auth-service cannot go on: ${error.message}`);
    await leave(1);
  };
  process.once('uncaughtException', crash);
  process.once('unhandledRejection', crash);
  try {
    await start(log, leave);
  } catch (error) {
    const detail = error instanceof ConfigurationError ? {} : exception(error);
    const why = error.message || error.code;
    log.fatal({ 'event.name': 'service.failed', ...detail }, `auth-service cannot start: ${why}`);
    await leave(1);
  }
}

async function start(log, leave) {
  const config = readConfig();
  const version = readVersion();
  const pool = await timed(log, 'PostgreSQL', async () => {
    const opened = connectDatabase(config, log);
    await opened.query('SELECT 1');
    return opened;
  });
  const redis = await timed(log, 'Redis', async () => {
    const client = connectRedis(config.redisUrl, log);
    await client.connect();
    return client;
  });
  const app = createApp({ config, pool, redis, metrics: createMetrics(), log, version });

  let served = 0;
  let stopping = false;
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) reply.header('connection', 'close'); // else its connection would hold the stop up
  });
  app.addHook('onResponse', async () => {
    served += 1;
  });
  const stop = async (signal) => {
    stopping = true;
    log.info({ 'process.signal': signal }, `${signal}: no new connections are taken`);
    const late = setTimeout(() => {
      log.warn(`requests still run after ${STOP_MS / 1000} s: they are cut off`);
      app.server.closeAllConnections();
    }, STOP_MS).unref();
    await app.close();
    clearTimeout(late);
    await Promise.allSettled([pool.end(), redis.quit()]);
    const uptime = Math.round(process.uptime());
    log.info(
      { 'event.name': 'service.stopped', uptime_s: uptime, requests: served },
      `auth-service ${version} stopped after ${uptime} s and ${served} requests`,
    );
    await leave(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);

  await app.listen({ host: config.host, port: config.port });
  const { port } = app.server.address();
  log.info(
    {
      'event.name': 'service.started',
      'server.port': port,
      startup_ms: Math.round(performance.now()),
    },
    `auth-service ${version} listens on port ${port}`,
  );
}

async function timed(log, what, connect) {
  const started = performance.now();
  try {
    const connection = await connect();
    const duration = Math.round(performance.now() - started);
    log.info(
      { 'event.name': 'connection.opened', 'peer.service': what, duration_ms: duration },
      `connected to ${what} in ${duration} ms`,
    );
    return connection;
  } catch (error) {
    throw Object.assign(new Error(`${what} cannot be reached (${error.code ?? error.message})`), { cause: error });
  }
}
