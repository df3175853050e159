import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

const MILLISECONDS = { type: Number, nullable: true } as const;
const HISTOGRAM: ApiPropertyOptions = {
  type: 'array',
  items: { type: 'integer' },
  description: 'Results by confidence score: ten equal parts of 0..1, lowest first',
};

class LatencyPercentiles {
  @ApiProperty(MILLISECONDS)
  readonly p50: number | null;

  @ApiProperty(MILLISECONDS)
  readonly p95: number | null;

  @ApiProperty(MILLISECONDS)
  readonly p99: number | null;
}

class ConfidenceHistograms {
  @ApiProperty(HISTOGRAM)
  readonly production: number[];

  @ApiProperty({ ...HISTOGRAM, description: 'The same from the time in validation: the baseline' })
  readonly validation: number[];
}

class Drift {
  @ApiProperty({
    type: Number,
    nullable: true,
    description:
      'Of the confidence in production against validation. By custom below 0.1 is stable and above 0.25 a shift; null ' +
      'without results in both',
  })
  readonly population_stability_index: number | null;
}

export class ModelStatsResponse {
  @ApiProperty()
  readonly model_id: string;

  @ApiProperty({ description: 'Everything here is taken over at most so many of the latest results' })
  readonly sample_limit: number;

  @ApiProperty()
  readonly count: number;

  @ApiProperty()
  readonly failures: number;

  @ApiProperty({ type: String, nullable: true })
  readonly first_at: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly last_at: string | null;

  @ApiProperty()
  readonly inference_latency_ms: LatencyPercentiles;

  @ApiProperty({ type: Number, nullable: true, description: 'Share of images that a quality check refused' })
  readonly quality_failure_rate: number | null;

  @ApiProperty()
  readonly confidence: ConfidenceHistograms;

  @ApiProperty()
  readonly drift: Drift;
}
