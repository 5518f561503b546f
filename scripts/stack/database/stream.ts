import type { Connection } from './connection.ts';
import { DatabaseFailure, isBusy, toHranaError } from './database-failure.ts';
import type {
  HranaBatch,
  HranaCondition,
  HranaError,
  HranaRequest,
  HranaStatement,
  HranaStatementResult,
} from './hrana-protocol.ts';
import type { WriterGate } from './writer-gate.ts';

const STORED_SQL_MAX = 200;

export type StreamResult =
  | { readonly type: 'ok'; readonly response: Record<string, unknown> }
  | { readonly type: 'error'; readonly error: HranaError };

/**
 * One logical connection of a client, which may span several HTTP requests (a transaction). Its requests
 * run strictly one after the other.
 */
export class Stream {
  readonly connection: Connection;
  readonly #gate: WriterGate;
  readonly #busyTimeoutMs: number;
  readonly #storedSql = new Map<number, string>();
  isClosed = false;

  constructor(connection: Connection, gate: WriterGate, busyTimeoutMs: number) {
    this.connection = connection;
    this.#gate = gate;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Runs one request; a failure is a result, it does not end the stream. */
  async run(request: HranaRequest): Promise<StreamResult> {
    try {
      const response = await this.#respond(request);
      if (this.connection.isAutocommit) this.#gate.announce();
      return { type: 'ok', response: { type: request.type, ...response } };
    } catch (error) {
      return { type: 'error', error: toHranaError(error) };
    }
  }

  async #respond(request: HranaRequest): Promise<Record<string, unknown>> {
    switch (request.type) {
      case 'close':
        this.isClosed = true;
        return {};
      case 'execute':
        return { result: await this.#execute(request.stmt) };
      case 'batch':
        return { result: await this.#batch(request.batch) };
      case 'sequence': {
        const sql = this.#sqlOf(request);
        await this.#whenFree(() => this.connection.sequence(sql));
        return {};
      }
      case 'describe':
        return { result: this.connection.describe(this.#sqlOf(request)) };
      case 'store_sql':
        if (this.#storedSql.size >= STORED_SQL_MAX) {
          throw new DatabaseFailure('too many SQL texts are stored', 'SQL_STORE_TOO_LARGE');
        }
        this.#storedSql.set(request.sql_id, request.sql);
        return {};
      case 'close_sql':
        this.#storedSql.delete(request.sql_id);
        return {};
      case 'get_autocommit':
        return { is_autocommit: this.connection.isAutocommit };
    }
  }

  #sqlOf(reference: {
    readonly sql?: string | null | undefined;
    readonly sql_id?: number | null | undefined;
  }): string {
    if (typeof reference.sql === 'string') return reference.sql;
    const stored = typeof reference.sql_id === 'number' ? this.#storedSql.get(reference.sql_id) : undefined;
    if (stored === undefined) throw new DatabaseFailure('no such stored SQL text', 'SQL_NOT_FOUND');
    return stored;
  }

  /** Tries until the database is free, bounded; between tries the loop belongs to others. */
  async #whenFree<T>(attempt: () => T): Promise<T> {
    const deadline = performance.now() + this.#busyTimeoutMs;
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error;
      }
      await this.#gate.wait();
    }
  }

  #execute(statement: HranaStatement): Promise<HranaStatementResult> {
    const sql = this.#sqlOf(statement);
    return this.#whenFree(() => this.connection.execute(sql, statement));
  }

  async #batch(batch: HranaBatch): Promise<Record<string, unknown>> {
    const results: (HranaStatementResult | null)[] = [];
    const errors: (HranaError | null)[] = [];
    const holds = (condition: HranaCondition): boolean => {
      switch (condition.type) {
        case 'ok':
          return results[condition.step] != null;
        case 'error':
          return errors[condition.step] != null;
        case 'not':
          return !holds(condition.cond);
        case 'and':
          return condition.conds.every(holds);
        case 'or':
          return condition.conds.some(holds);
        case 'is_autocommit':
          return this.connection.isAutocommit;
      }
    };
    for (const { condition, stmt } of batch.steps) {
      let result: HranaStatementResult | null = null;
      let failure: HranaError | null = null;
      if (condition == null || holds(condition)) {
        try {
          result = await this.#execute(stmt);
        } catch (error) {
          failure = toHranaError(error);
        }
      }
      results.push(result);
      errors.push(failure);
    }
    return { step_results: results, step_errors: errors };
  }
}
