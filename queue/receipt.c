/*
 * receipt.c - who asked for it hears that a message is in a mailbox here
 */
#include "queue/receipt.h"

#include <errno.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "queue/fate.h"

static bool
is_wanted(const struct copy *copy)
{
	const struct envelope *env = &copy->transit->env;

	return (copy->rcpt->notify & NOTIFY_SUCCESS) != 0 &&
	    env->sender_account != 0 && env->sender.len > 0;
}

void
receipt_owe(struct copy *copy)
{
	if (copy->receipt != RECEIPT_NONE || !is_wanted(copy))
		return;
	copy->receipt = RECEIPT_OWED;
	fate_tell(copy->transit->conductor, &copy->transit->env.id);
}

bool
receipt_is_owed(const struct copy *copy)
{
	if (copy->receipt != RECEIPT_OWED)
		return false;
	/* without memory it was not noted there */
	fate_tell(copy->transit->conductor, &copy->transit->env.id);
	return true;
}

/* The copy of that address, or with none the first that is owed; or NULL. */
static struct copy *
find_in(const struct transits *list, const struct message_id *id,
    const struct slice *address)
{
	const struct transit *transit;

	TAILQ_FOREACH(transit, list, next) {
		if (message_id_order(&transit->env.id, id) != 0)
			continue;
		for (size_t i = 0; i < transit->copy_count; i++) {
			struct copy *copy = &transit->copies[i];

			if (copy->receipt == RECEIPT_OWED &&
			    (address == NULL || slice_is(*address,
			    copy->rcpt->address)))
				return copy;
		}
	}
	return NULL;
}

static struct copy *
find(const struct conductor *conductor, const struct message_id *id,
    const struct slice *address)
{
	struct copy *copy = find_in(&conductor->received, id, address);

	return copy != NULL ? copy :
	    find_in(&conductor->set_aside, id, address);
}

/* How it begins; one that cannot be read is told of all the same. */
static int
read_begin(struct transit *transit, struct slice *original)
{
	bool was_open = transit->fd >= 0;
	int r = was_open ? 0 : transit_load(transit);
	ssize_t n = 0;

	if (r == 0)
		n = pread(transit->fd, (char *)(uintptr_t)original->at,
		    original->len, 0);
	if (r == 0 && n < 0)
		r = -errno;
	original->len = r == 0 ? (size_t)n : 0;
	if (!was_open)
		transit_close_bytes(transit);
	if (r == -ENOENT || r == -EBADMSG || r == -EIO) {
		log_say("of a message that was delivered only the recipient is "
		    "told: %s", strerror(-r));
		return 0;
	}
	return r;
}

int
receipt_read(struct conductor *conductor, const struct message_id *id,
    struct transit **about_out, struct slice *address_out,
    struct slice *original)
{
	TEXT_AUTO head = TEXT_INIT(HEAD_MAX_BYTES);
	struct copy *copy = find(conductor, id, NULL);
	int r;

	if (copy == NULL)
		return -ENOENT;
	head_pack(&head, copy->transit);
	r = text_failed(&head) ? -ENOMEM : read_begin(copy->transit, original);
	if (r == 0)
		r = head_unpack(conductor, text_slice(&head), about_out);
	*address_out = copy->rcpt->address;
	return r;
}

void
receipt_told(struct conductor *conductor, const struct message_id *id,
    struct slice address)
{
	struct copy *copy = find(conductor, id, &address);

	if (copy != NULL)
		copy->receipt = RECEIPT_TOLD;
}
