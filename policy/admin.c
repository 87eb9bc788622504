/*
 * admin.c - the one table of console requests, and the keeper's handlers
 */
#include "policy/admin.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

enum account_arg { ARG_ADDRESS, ARG_NAME, ARG_LANGUAGE, ARG_PASSWORD };

static admin_fn	account_add, account_list, account_set, account_remove;

#define ADDRESS_ARG	{ "address",  ADMIN_TEXT,   true,  SAY_COLUMN_ADDRESS }
#define NAME_ARG	{ "name",     ADMIN_TEXT,   false, SAY_COLUMN_NAME }
#define LANGUAGE_ARG	{ "language", ADMIN_TEXT,   false, SAY_COLUMN_LANGUAGE }
#define ACCOUNT_ROW { \
	{ "account",  ADMIN_NUMBER, true, SAY_COLUMN_ACCOUNT }, \
	{ "address",  ADMIN_TEXT,   true, SAY_COLUMN_ADDRESS }, \
	{ "name",     ADMIN_TEXT,   true, SAY_COLUMN_NAME }, \
	{ "language", ADMIN_TEXT,   true, SAY_COLUMN_LANGUAGE }, \
	{ "created",  ADMIN_TIME,   true, SAY_COLUMN_CREATED } }

const struct admin_request admin_requests[] = {
{ "account add",
  { ADDRESS_ARG, NAME_ARG, LANGUAGE_ARG,
    { "password", ADMIN_SECRET, true, SAY_COLUMN_PASSWORD } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, account_add },
{ "account list",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, account_list },
{ "account set",
  { ADDRESS_ARG, NAME_ARG, LANGUAGE_ARG,
    { "password", ADMIN_SECRET, false, SAY_COLUMN_PASSWORD } },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, account_set },
{ "account remove",
  { ADDRESS_ARG },
  ADMIN_BY_POSTMASTER, ROLE_KEEPER, ACCOUNT_ROW, account_remove },
{ "status",
  { { 0 } },
  ADMIN_BY_POSTMASTER, ROLE_CONSOLE,
  { { "part",   ADMIN_TEXT, true, SAY_COLUMN_PART },
    { "figure", ADMIN_TEXT, true, SAY_COLUMN_FIGURE },
    { "value",  ADMIN_TEXT, true, SAY_COLUMN_VALUE } }, NULL },
{ 0 }
};

#define REQUESTS	(sizeof(admin_requests) / sizeof(admin_requests[0]) - 1)

static const struct {
	const char	*code;
	enum sentence	 sentence;
} statuses[ADMIN_STATUS_COUNT] = {
	[ADMIN_OK]		= { "ok",	  SAY_DONE },
	[ADMIN_UNFIT]		= { "unfit",	  SAY_UNFIT },
	[ADMIN_NO_SUCH]		= { "no-such",	  SAY_NO_SUCH },
	[ADMIN_EXISTS]		= { "exists",	  SAY_EXISTS },
	[ADMIN_NOT_UNIQUE]	= { "not-unique", SAY_NOT_UNIQUE },
	[ADMIN_KEPT]		= { "kept",	  SAY_POSTMASTER_STAYS },
	[ADMIN_REFUSED]		= { "refused",	  SAY_MAY_NOT },
	[ADMIN_LATER]		= { "later",	  SAY_LATER },
	[ADMIN_FAILED]		= { "failed",	  SAY_FAILED },
};

const char *
admin_status_code(enum admin_status status)
{
	return statuses[status].code;
}

enum sentence
admin_status_sentence(enum admin_status status)
{
	return statuses[status].sentence;
}

const struct admin_request *
admin_find(struct slice name)
{
	for (size_t i = 0; i < REQUESTS; i++)
		if (slice_is_str(name, admin_requests[i].name))
			return &admin_requests[i];
	return NULL;
}

unsigned
admin_number(const struct admin_request *request)
{
	return (unsigned)(request - admin_requests);
}

const struct admin_request *
admin_at(unsigned number)
{
	return number < REQUESTS ? &admin_requests[number] : NULL;
}

int
admin_begin(struct admin_work *work, const struct admin_request *request,
    struct slice packed, int64_t now_utc_ms)
{
	struct unpack u = unpack_of(packed);

	*work = (struct admin_work){ .request = request,
	    .now_utc_ms = now_utc_ms, .field = ADMIN_NO_FIELD };
	for (size_t i = 0; request->args[i].name != NULL; i++) {
		work->given[i] = unpack_bool(&u);
		if (work->given[i])
			work->args[i] = unpack_slice(&u);
		if (!work->given[i] && request->args[i].required)
			return -EBADMSG;
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

enum admin_status
admin_hash(struct admin_work *work)
{
	for (size_t i = 0; work->request->args[i].name != NULL; i++) {
		int r;

		if (work->request->args[i].kind != ADMIN_SECRET ||
		    !work->given[i])
			continue;
		r = password_make(work->args[i], &work->secret);
		if (r == -EINVAL || r == -ERANGE) {
			work->field = (unsigned)i;
			return ADMIN_UNFIT;
		}
		if (r < 0)
			return ADMIN_FAILED;
		work->has_secret = true;
	}
	return ADMIN_OK;
}

static void
answer_head(struct text *answer, enum admin_status status, unsigned field,
    uint32_t rows)
{
	pack_u8(answer, (uint8_t)status);
	pack_u8(answer, (uint8_t)field);
	pack_u32(answer, rows);
}

void
admin_refuse(struct text *answer, enum admin_status status)
{
	answer_head(answer, status, ADMIN_NO_FIELD, 0);
}

void
admin_end(struct admin_work *work, enum admin_status status,
    struct policy *policy, struct text *answer)
{
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES);

	if (status == ADMIN_OK)
		status = work->request->handler == NULL ? ADMIN_FAILED :
		    work->request->handler(policy, work, &rows);
	OPENSSL_cleanse(&work->secret, sizeof(work->secret));
	if (text_failed(&rows))
		status = ADMIN_FAILED;
	if (status != ADMIN_OK) {
		answer_head(answer, status, work->field, 0);
		return;
	}
	answer_head(answer, status, work->field, work->rows);
	text_add(answer, text_slice(&rows));
}

/* What an errno of accounts.h means to who asked. */
static enum admin_status
status_of(int r)
{
	switch (r) {
	case 0:
		return ADMIN_OK;
	case -EINVAL:
		return ADMIN_UNFIT;
	case -ENOENT:
		return ADMIN_NO_SUCH;
	case -EEXIST:
		return ADMIN_EXISTS;
	case -ENOTUNIQ:
		return ADMIN_NOT_UNIQUE;
	case -EPERM:
		return ADMIN_KEPT;
	case -EBUSY:
		return ADMIN_LATER;
	default:
		return ADMIN_FAILED;
	}
}

/* Add ACCOUNT_ROW. */
static void
account_row(struct admin_work *work, const struct policy_account *a,
    struct text *rows)
{
	pack_u64(rows, a->id);
	pack_slice(rows, slice_str(a->address));
	pack_slice(rows, slice_str(a->name));
	pack_slice(rows, slice_str(a->language));
	pack_i64(rows, a->created_utc_ms);
	work->rows++;
}

/*
 * Copy argument `arg` as a C string; one that is not given leaves `buffer`.
 * An argument that is too long or holds a NUL is unfit and named.
 */
static bool
arg_copy(struct admin_work *work, enum account_arg arg, char *buffer,
    size_t size)
{
	if (!work->given[arg] ||
	    slice_cstr(work->args[arg], buffer, size) == 0)
		return true;
	work->field = arg;
	return false;
}

/* Which argument a refused account has wrong. */
static unsigned
unfit_field(const struct policy_account *a)
{
	if (strcmp(a->language, "en") != 0 && strcmp(a->language, "id") != 0)
		return ARG_LANGUAGE;
	for (const char *at = a->name; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return ARG_NAME;
	return slice_is_utf8(slice_str(a->name)) ? ARG_ADDRESS : ARG_NAME;
}

static enum admin_status
account_add(struct policy *policy, struct admin_work *work, struct text *rows)
{
	struct policy_account a = { .language = "en" };
	int r;

	if (!arg_copy(work, ARG_ADDRESS, a.address, sizeof(a.address)) ||
	    !arg_copy(work, ARG_NAME, a.name, sizeof(a.name)) ||
	    !arg_copy(work, ARG_LANGUAGE, a.language, sizeof(a.language)))
		return ADMIN_UNFIT;
	if (!work->has_secret)
		return ADMIN_FAILED;
	r = policy_account_add(policy, &a, &work->secret, work->now_utc_ms, &a);
	if (r == -EINVAL)
		work->field = unfit_field(&a);
	else if (r == -ENOENT || r == -EEXIST)
		work->field = ARG_ADDRESS;
	if (r == 0)
		account_row(work, &a, rows);
	return status_of(r);
}

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

static int
list_one(void *arg, const struct policy_account *a)
{
	struct listing *listing = arg;

	if (listing->work->rows == ADMIN_ROWS)
		return -E2BIG;
	account_row(listing->work, a, listing->rows);
	return 0;
}

static enum admin_status
account_list(struct policy *policy, struct admin_work *work, struct text *rows)
{
	struct listing listing = { work, rows };

	return status_of(policy_account_each(policy, list_one, &listing));
}

static enum admin_status
account_set(struct policy *policy, struct admin_work *work, struct text *rows)
{
	struct policy_account a, wanted = { .language = "en" };
	struct policy_change change = { 0 };
	int r = policy_account_find(policy, work->args[ARG_ADDRESS], &a);

	if (r < 0) {
		work->field = ARG_ADDRESS;
		return status_of(r);
	}
	if (!arg_copy(work, ARG_NAME, wanted.name, sizeof(wanted.name)) ||
	    !arg_copy(work, ARG_LANGUAGE, wanted.language,
	    sizeof(wanted.language)))
		return ADMIN_UNFIT;
	if (work->given[ARG_NAME])
		change.name = wanted.name;
	if (work->given[ARG_LANGUAGE])
		change.language = wanted.language;
	if (work->has_secret)
		change.secret = &work->secret;
	r = policy_account_set(policy, a.id, &change);
	if (r == -EINVAL)
		work->field = unfit_field(&wanted);
	if (r == 0)
		r = policy_account_get(policy, a.id, &a);
	if (r == 0)
		account_row(work, &a, rows);
	return status_of(r);
}

static enum admin_status
account_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct policy_account a;
	int r = policy_account_find(policy, work->args[ARG_ADDRESS], &a);

	work->field = ARG_ADDRESS;
	if (r == 0)
		r = policy_account_remove(policy, a.id, work->now_utc_ms);
	if (r == 0) {
		account_row(work, &a, rows);
		work->field = ADMIN_NO_FIELD;
	}
	return status_of(r);
}
