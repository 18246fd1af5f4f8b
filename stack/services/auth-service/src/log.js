import pino from 'pino';

export function createLog(level, destination) {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Attributes of an event of the contract: who, from where, how it ended. Undefined ones are not written. */
export function event(name, caller, { userId, sessionId, tenantId, failure, method, ...more } = {}) {
  return {
    'event.name': name,
    'event.outcome': failure ? 'failure' : 'success',
    'error.type': failure,
    'auth.method': method,
    'user.id': userId,
    'session.id': sessionId ?? undefined,
    'tenant.id': tenantId,
    'client.address': caller?.address,
    'request.id': caller?.requestId,
    ...more,
  };
}

/** Only what is safe to write: a database error also carries rows (`detail`, `where`). */
export function exception(error) {
  return {
    'exception.type': error.constructor?.name ?? 'Error',
    'error.code': error.code,
    'exception.message': error.message,
    'exception.stacktrace': error.stack,
  };
}
