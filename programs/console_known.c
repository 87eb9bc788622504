/*
 * console_known.c - "fetch known", between admin row, keeper and queue
 */
#include "programs/console_known.h"

#include <errno.h>

#include "lib/message/envelope.h"
#include "queue/service.h"

int
known_found(struct slice body, struct queue_said *said, uint64_t *account_out)
{
	struct unpack u = unpack_of(body);
	enum admin_status status = unpack_enum(&u, ADMIN_STATUS_COUNT);
	unsigned field = unpack_u8(&u);
	uint32_t count = unpack_u32(&u);
	struct slice address, label;
	uint64_t account;

	said->status = status;
	said->field = field;
	if (status != ADMIN_OK || count != 1)
		return u.bad || status == ADMIN_OK ? -EBADMSG : 1;
	account = unpack_u64(&u);
	address = unpack_slice(&u);
	label = unpack_slice(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	pack_u64(said->rows, account);
	pack_slice(said->rows, address);
	pack_slice(said->rows, label);
	*account_out = account;
	return 0;
}

static bool
must_escape(char c)
{
	return c <= ' ' || c > '~' || c == '%';
}

void
known_write(struct text *text, struct slice uidl)
{
	for (size_t i = 0; i < uidl.len; i++) {
		if (must_escape(uidl.at[i]))
			text_addf(text, "%%%02X",
			    (unsigned)(unsigned char)uidl.at[i]);
		else
			text_add_byte(text, uidl.at[i]);
	}
	text_add_byte(text, '\n');
}

/* Add the bytes that `s` stands for, with their length; false: for none. */
static bool
pack_uidl(struct text *body, struct slice s)
{
	char bytes[UIDL_MOST_BYTES];
	size_t len = 0;

	while (s.len > 0 && len < sizeof(bytes)) {
		bool escaped = s.at[0] == '%';
		int byte = escaped ? slice_hex_upper(slice_after(s, 1)) :
		    (unsigned char)s.at[0];

		if (byte < 0 || (!escaped && must_escape(s.at[0])))
			return false;
		bytes[len++] = (char)byte;
		s = slice_after(s, escaped ? 3 : 1);
	}
	pack_slice(body, slice_of(bytes, len));
	return len > 0 && s.len == 0;
}

enum admin_status
known_ask(const struct admin_work *work, uint64_t account, struct text *body,
    uint32_t *count_out, unsigned *field_out)
{
	TEXT_AUTO uidls = TEXT_INIT(body->limit);
	struct slice rest = work->args[KNOWN_UIDLS], one;
	struct slice folder = work->args[KNOWN_FOLDER];
	uint32_t count = 0;

	*field_out = KNOWN_FOLDER;
	if (folder.len > FETCHED_FOLDER_MOST || !slice_is_utf8(folder))
		return ADMIN_UNFIT;
	*field_out = KNOWN_UIDLS;
	for (; slice_cut(&rest, '\n', &one); count++)
		if (count == LISTING_PAGE || !pack_uidl(&uidls, one))
			return ADMIN_UNFIT;
	if (rest.len > 0 || count == 0)
		return ADMIN_UNFIT;
	pack_u64(body, account);
	pack_slice(body, folder);
	pack_u32(body, count);
	pack_bytes(body, text_slice(&uidls));
	*count_out = count;
	return text_failed(&uidls) ? ADMIN_UNFIT : ADMIN_OK;
}

int
known_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);
	enum listing_status status = unpack_enum(&u, LISTING_STATUS_COUNT);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	said->count = status == LISTING_OK;
	said->status = status == LISTING_OK ? ADMIN_OK : ADMIN_LATER;
	if (status != LISTING_OK)
		text_clear(said->rows);
	return 0;
}
