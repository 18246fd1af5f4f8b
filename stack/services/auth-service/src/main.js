// The instrumentation must be in place before anything that it instruments is loaded.
import './telemetry.js';

const { serve } = await import('./server.js');
await serve();
