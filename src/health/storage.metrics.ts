import { Gauge } from 'prom-client';

export const storageUsed = new Gauge({
  name: 'medai_storage_used_ratio',
  help: 'Used of the disk under a directory that this server writes, of its blocks or inodes: DATA_DIR (data), the temporary directory (temporary)',
  labelNames: ['directory'],
});

export const storageWritable = new Gauge({
  name: 'medai_storage_writable',
  help: '1 while files can be written in a directory that this server writes',
  labelNames: ['directory'],
});
