import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';

/** What somebody put his name to (21 CFR 11.50), bound to the record it stands under (11.70). Append-only. */
@Entity({ name: 'electronic_signatures' })
@Unique('electronic_signatures_record_uq', ['recordType', 'recordId', 'signerId', 'meaning'])
@Check('electronic_signatures_record_hash_ck', `record_hash ~ '^[0-9a-f]{64}$'`)
@Check('electronic_signatures_signature_ck', 'length(signature) = 64')
export class ElectronicSignature {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'electronic_signatures_pk' })
  id: string;

  @Column({ name: 'record_type', type: 'text' })
  recordType: string;

  @Column({ name: 'record_id', type: 'uuid' })
  recordId: string;

  /** SHA-256 of the record's RFC 8785 form, hex. */
  @Column({ name: 'record_hash', type: 'text' })
  recordHash: string;

  @Column({ name: 'signer_id', type: 'uuid' })
  @ForeignKey('User', { name: 'electronic_signatures_signer_id_fk', onDelete: 'RESTRICT' })
  signerId: string;

  @Column({ name: 'printed_name', type: 'text' })
  printedName: string;

  @Column({ type: 'text' })
  role: string;

  @Column({ type: 'text' })
  meaning: string;

  @Column({ name: 'signed_at', type: 'timestamptz' })
  signedAt: Date;

  /** SHA-256 of the public key (SPKI, DER), hex. */
  @Column({ name: 'key_id', type: 'text' })
  keyId: string;

  /** Ed25519 over the statement's RFC 8785 form. */
  @Column({ type: 'bytea' })
  signature: Buffer;
}
