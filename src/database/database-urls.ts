/** Where each role connects: see docker/postgres/roles.sql. The same thrice when DATABASE_URL stands alone. */
export class DatabaseUrls {
  constructor(
    readonly application: string,
    readonly sequencer: string = application,
    readonly migration: string = application,
  ) {}
}
