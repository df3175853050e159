import { Counter } from 'prom-client';

export const idempotentRequests = new Counter({
  name: 'medai_idempotent_requests_total',
  help: 'Requests with an Idempotency-Key: done or failed by this replica, replayed, refused as reused or in_use',
  labelNames: ['outcome'],
});
