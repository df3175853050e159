import { Counter, Gauge, Histogram } from 'prom-client';

export const imagesDone = new Counter({
  name: 'medai_batch_images_total',
  help: 'Images of batches that are done',
  labelNames: ['answered', 'status'],
});

export const imageWait = new Histogram({
  name: 'medai_batch_image_wait_seconds',
  help: 'From the arrival of a batch that is answered later until a worker took the image',
  buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600],
});

export const batchBacklog = new Gauge({
  name: 'medai_batch_backlog_images',
  help: 'Images of batches answered later that wait for any replica, counted up to 100,001: each replica tells the same',
});

export const batchBacklogAge = new Gauge({
  name: 'medai_batch_backlog_age_seconds',
  help: 'Since when the oldest of them is due; 0 when none is',
});
