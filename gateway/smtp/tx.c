/*
 * tx.c - one mail transaction, from MAIL to its end (RFC 5321 3.3)
 *
 * The envelope that grows here must fit one message between roles; its packed
 * size is kept along, so that the recipient that would be too many is refused
 * and not the message.
 */
#include "gateway/smtp/tx.h"

#include <errno.h>
#include <stdlib.h>

/* An envelope's text, its array of recipients, and what refusals left behind */
#define TX_BUDGET	(3 * ENVELOPE_MAX_BYTES)

struct tx *
tx_new(const struct envelope *known, unsigned room)
{
	struct tx *tx = calloc(1, sizeof(*tx));

	if (tx == NULL)
		return NULL;
	tx->arena = arena_new(TX_BUDGET);
	if (tx->arena == NULL) {
		tx_end(&tx);
		return NULL;
	}
	tx->env = *known;
	tx->room = room;
	return tx;
}

int
tx_begun(struct tx *tx)
{
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);

	envelope_pack(&packed, &tx->env);
	if (text_failed(&packed))
		return -E2BIG;
	tx->packed_bytes = text_slice(&packed).len;
	return 0;
}

/* It stands for no account: its address says who is meant. */
static bool
is_by_address(const struct recipient *rcpt)
{
	return rcpt->account == 0 || (rcpt->account & ACCOUNT_BOUNCE) != 0;
}

/* One mailbox gets one copy; of those that leave each address does. */
static bool
has(const struct tx *tx, const struct recipient *rcpt)
{
	for (size_t i = 0; i < tx->env.recipient_count; i++) {
		const struct recipient *one = &tx->env.recipients[i];

		if (one->account == rcpt->account && (!is_by_address(one) ||
		    slice_is(one->address, rcpt->address)))
			return true;
	}
	return false;
}

int
tx_add(struct tx *tx, const struct recipient *rcpt)
{
	struct envelope *env = &tx->env;
	size_t more = TX_RECIPIENT_BYTES + rcpt->address.len + rcpt->orcpt.len;

	if (tx->accepted >= tx->room)
		return -EDQUOT;
	if (has(tx, rcpt)) {
		tx->accepted++;
		return 0;
	}
	if (more > ENVELOPE_MAX_BYTES - tx->packed_bytes)
		return -ENOBUFS;
	if (env->recipients == NULL)
		env->recipients = arena_array(tx->arena, tx->room,
		    sizeof(*env->recipients));
	if (env->recipients == NULL)
		return -ENOBUFS;
	env->recipients[env->recipient_count++] = *rcpt;
	tx->packed_bytes += more;
	tx->accepted++;
	return 0;
}

bool
tx_has_chunks(const struct tx *tx)
{
	return tx->chunks > 0;
}

void
tx_end(struct tx **tx)
{
	if (*tx == NULL)
		return;
	body_free((*tx)->body);
	arena_free((*tx)->arena);
	free(*tx);
	*tx = NULL;
}
