/**
 * The OpenTelemetry SDK: traces and logs by OTLP. Loaded before everything that it instruments.
 * Metrics are scraped (metrics.js), so there is no meter provider here.
 */
import { register } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import FastifyOtel from '@fastify/otel';
import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { createAddHookMessageChannel } from 'import-in-the-middle';
import { register as registerHooks, supportsSyncHooks } from 'import-in-the-middle/register-hooks.mjs';
import { version } from './config.js';
import { callerAddress, rememberServerSpan } from './tracing.js';

const FLUSH_MS = 3000;
const UNTRACED = new Set(['/health', '/metrics']);
const HOOKED = ['pg', 'ioredis', 'pino'];

const providers = process.env.OTEL_SDK_DISABLED === 'true' ? [] : await start();

async function start() {
  // Standard error only: were these log records, a Collector that is away would fill the queue meant for its return.
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.ERROR);
  const resource = defaultResource()
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes({ 'service.version': version() }));

  const tracerProvider = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  tracerProvider.register();
  const loggerProvider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
  });
  logs.setGlobalLoggerProvider(loggerProvider);

  const hooksReady = hookImports();
  registerInstrumentations({
    instrumentations: [
      new HttpInstrumentation({
        disableOutgoingRequestInstrumentation: true,
        ignoreIncomingRequestHook: (request) => UNTRACED.has(request.url),
        requestHook: (span, request) => {
          rememberServerSpan(request, span);
          span.setAttribute('client.address', callerAddress(request));
          const requestId = request.headers['x-request-id'];
          if (requestId) span.setAttribute('request.id', requestId);
        },
      }),
      new FastifyOtel({
        registerOnInitialization: true,
        instrumentHooks: false,
        instrumentHandler: false,
        recordExceptions: false, // recorded where they occur
        ignorePaths: ({ url }) => UNTRACED.has(url),
      }),
      new PgInstrumentation({ requireParentSpan: true }),
      new IORedisInstrumentation({ requireParentSpan: true }),
      new PinoInstrumentation(),
    ],
  });
  await hooksReady();
  return [tracerProvider, loggerProvider];
}

/** What ES modules import only loader hooks see: on this thread where Node.js can, else on one of their own. */
function hookImports() {
  if (supportsSyncHooks()) {
    registerHooks({ include: HOOKED });
    return async () => {};
  }
  const { registerOptions, waitForAllMessagesAcknowledged } = createAddHookMessageChannel();
  register('import-in-the-middle/hook.mjs', import.meta.url, registerOptions);
  return waitForAllMessagesAcknowledged;
}

/** Sends what is still queued, but waits for a Collector that is away no longer than a stop may take. */
export async function stopTelemetry() {
  const flushed = Promise.allSettled(providers.map((provider) => provider.shutdown()));
  await Promise.race([flushed, wait(FLUSH_MS, undefined, { ref: false })]);
}
