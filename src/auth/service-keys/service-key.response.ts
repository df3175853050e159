import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { KEY_KINDS } from './create-service-key.dto';

export interface ServiceKeyRow {
  readonly id: string;
  readonly kind: (typeof KEY_KINDS)[number];
  readonly name: string;
  readonly prefix: string | null;
  readonly thumbprint: string | null;
  readonly allowed_cidrs: readonly string[] | null;
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

export class ServiceKeyResponse {
  @ApiProperty()
  readonly key_id: string;

  @ApiProperty({ enum: KEY_KINDS })
  readonly kind: string;

  @ApiProperty()
  readonly name: string;

  @ApiProperty({ type: String, nullable: true, description: 'How an api_key begins' })
  readonly prefix: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The `kid` of assertions signed with a public_key (RFC 7638)',
  })
  readonly thumbprint: string | null;

  @ApiProperty({ type: [String], nullable: true })
  readonly allowed_cidrs: readonly string[] | null;

  @ApiProperty()
  readonly created_by: string;

  @ApiProperty()
  readonly created_at: string;

  @ApiProperty()
  readonly expires_at: string;

  @ApiProperty({ type: String, nullable: true, description: 'To the minute' })
  readonly last_used_at: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly revoked_at: string | null;

  @ApiPropertyOptional({ description: 'The key itself: shown this once, stored nowhere' })
  readonly api_key?: string;
}

export class ServiceKeyListResponse {
  @ApiProperty({ type: [ServiceKeyResponse] })
  readonly items: readonly ServiceKeyResponse[];
}

export const toServiceKeyResponse = (row: ServiceKeyRow): ServiceKeyResponse => ({
  key_id: row.id,
  kind: row.kind,
  name: row.name,
  prefix: row.prefix === null ? null : `mf_${row.prefix}`,
  thumbprint: row.thumbprint,
  allowed_cidrs: row.allowed_cidrs,
  created_by: row.created_by,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
  revoked_at: row.revoked_at?.toISOString() ?? null,
});
