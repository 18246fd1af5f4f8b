import { performance } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What `/metrics` shows: the process, requests, and what only this service knows. */
export function createMetrics() {
  const registers = [new Registry()];
  const [register] = registers;
  collectDefaultMetrics({ register });

  let before = performance.eventLoopUtilization();
  new Gauge({
    name: 'nodejs_eventloop_utilization_ratio',
    help: 'Share of the time since the last scrape in which the event loop was busy.',
    registers,
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });

  return {
    register,
    requests: new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Duration of answered requests.',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
      registers,
    }),
    active: new Gauge({ name: 'http_server_active_requests', help: 'Requests being answered.', registers }),
    logins: new Counter({ name: 'auth_logins_total', help: 'Logins by outcome.', labelNames: ['outcome'], registers }),
    tokens: new Counter({ name: 'auth_tokens_total', help: 'Tokens issued by kind.', labelNames: ['kind'], registers }),
    verifications: new Counter({
      name: 'auth_verifications_total',
      help: 'Checks of tokens and keys by result.',
      labelNames: ['result'],
      registers,
    }),
    lockouts: new Counter({ name: 'auth_lockouts_total', help: 'Accounts locked.', registers }),
    hashing: new Histogram({
      name: 'auth_password_hash_duration_seconds',
      help: 'Duration of one argon2id run, without waiting for its turn.',
      labelNames: ['operation'],
      buckets: [0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1],
      registers,
    }),

    watchPool(pool) {
      new Gauge({
        name: 'db_client_connections',
        help: 'Connections of the pool by state; pending are requests that wait for one.',
        labelNames: ['state'],
        registers,
        collect() {
          this.set({ state: 'idle' }, pool.idleCount);
          this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
          this.set({ state: 'pending' }, pool.waitingCount);
        },
      });
    },

    watchHashing(passwords) {
      new Gauge({
        name: 'auth_password_hash_queue_length',
        help: 'Passwords that wait to be hashed.',
        registers,
        collect() {
          this.set(passwords.waiting());
        },
      });
    },
  };
}
