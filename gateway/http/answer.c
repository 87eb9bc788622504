/*
 * answer.c - a packed answer of a console request, row by row
 */
#include "gateway/http/answer.h"

#include <errno.h>
#include <string.h>

int
answer_open(struct answer *answer, const struct admin_request *request,
    struct slice packed)
{
	unsigned field;

	*answer = (struct answer){ .request = request, .packed = packed,
	    .u = unpack_of(packed) };
	answer->status = unpack_enum(&answer->u, ADMIN_STATUS_COUNT);
	field = unpack_u8(&answer->u);
	answer->rows = unpack_u32(&answer->u);
	for (unsigned i = 0; request->args[i].name != NULL; i++)
		if (i == field)
			answer->field = request->args[i].name;
	return answer->u.bad || answer->rows > ADMIN_ROWS ? -EBADMSG : 0;
}

bool
answer_next(struct answer *answer)
{
	const struct admin_field *columns = answer->request->columns;

	if (answer->taken == answer->rows)
		return false;
	for (size_t i = 0; columns[i].name != NULL; i++)
		if (columns[i].kind == ADMIN_NUMBER)
			answer->number[i] = unpack_u64(&answer->u);
		else if (columns[i].kind == ADMIN_TIME)
			answer->number[i] = (uint64_t)unpack_i64(&answer->u);
		else
			answer->text[i] = unpack_slice(&answer->u);
	answer->taken++;
	return !answer->u.bad;
}

/* Where it stands in a row, or ADMIN_COLUMNS. */
static size_t
place_of(const struct answer *answer, const char *column)
{
	const struct admin_field *columns = answer->request->columns;

	for (size_t i = 0; columns[i].name != NULL; i++)
		if (strcmp(columns[i].name, column) == 0)
			return i;
	return ADMIN_COLUMNS;
}

struct slice
answer_text(const struct answer *answer, const char *column)
{
	size_t i = place_of(answer, column);

	return i == ADMIN_COLUMNS ? slice_of(NULL, 0) : answer->text[i];
}

uint64_t
answer_number(const struct answer *answer, const char *column)
{
	size_t i = place_of(answer, column);

	return i == ADMIN_COLUMNS ? 0 : answer->number[i];
}
