import { isIP } from 'node:net';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { Refusal } from './refusal.js';

const tracer = trace.getTracer('auth-service');
const serverSpans = new WeakMap();

/** Keeps the SERVER span of a request within reach: inside a handler the active span is a child of it. */
export function rememberServerSpan(request, span) {
  serverSpans.set(request, span);
}

/** The public client's address, which web-api has checked and passes on; without it the caller itself. */
export function callerAddress(request) {
  const passed = request.headers['x-client-address'];
  return isIP(passed ?? '') ? passed : request.socket.remoteAddress;
}

/** Writes who it is about on the SERVER span, as soon as that is known. */
export function identify(request, { userId, sessionId, tenantId }) {
  const span = serverSpans.get(request);
  if (userId) span?.setAttribute('user.id', userId);
  if (sessionId) span?.setAttribute('session.id', sessionId);
  if (tenantId) span?.setAttribute('tenant.id', tenantId);
}

/** Runs `work` in an INTERNAL span. A refusal is an answer, not an error of this service. */
export function inSpan(name, attributes, work) {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      if (error instanceof Refusal) {
        span.setAttribute('error.type', error.code);
      } else {
        span.recordException(error);
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      }
      throw error;
    } finally {
      span.end();
    }
  });
}
