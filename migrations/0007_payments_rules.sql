-- What providers said stays as they said it.
CREATE TRIGGER webhook_inbox_no_update BEFORE UPDATE ON webhook_inbox
BEGIN
  SELECT RAISE(ABORT, 'webhook_inbox rows are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER webhook_inbox_no_delete BEFORE DELETE ON webhook_inbox
BEGIN
  SELECT RAISE(ABORT, 'webhook_inbox rows are never removed');
END;
--> statement-breakpoint
-- Nor is the history of decisions rewritten, and it has no gaps: revision n follows n - 1.
CREATE TRIGGER payment_revisions_in_row BEFORE INSERT ON payment_revisions
WHEN NEW.revision <> 1 + (SELECT coalesce(max(revision), 0) FROM payment_revisions WHERE user_id = NEW.user_id)
BEGIN
  SELECT RAISE(ABORT, 'PAYMENT_REVISION_TAKEN');
END;
--> statement-breakpoint
CREATE TRIGGER payment_revisions_no_update BEFORE UPDATE ON payment_revisions
BEGIN
  SELECT RAISE(ABORT, 'payment_revisions rows are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER payment_revisions_no_delete BEFORE DELETE ON payment_revisions
BEGIN
  SELECT RAISE(ABORT, 'payment_revisions rows are never removed');
END;
