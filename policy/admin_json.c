/*
 * admin_json.c - console requests as JSON, for the control socket
 */
#include "policy/admin_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <jansson.h>

/* A value of an argument, or false: it is no string, and no number either. */
static bool
pack_arg(struct text *packed, const struct admin_field *arg, json_t *value,
    struct slice own)
{
	TEXT_AUTO digits = TEXT_INIT(32);

	if (own.len > 0 && arg->required && strcmp(arg->name, "address") == 0 &&
	    (value == NULL || json_is_null(value))) {
		pack_u8(packed, 1);
		pack_slice(packed, own);
		return true;
	}
	if (value == NULL || json_is_null(value)) {
		pack_u8(packed, 0);
		return !arg->required;
	}
	if (arg->kind == ADMIN_NUMBER && json_is_integer(value)) {
		text_addf(&digits, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
		pack_u8(packed, 1);
		pack_slice(packed, text_slice(&digits));
		return !text_failed(&digits);
	}
	if (!json_is_string(value))
		return false;
	pack_u8(packed, 1);
	pack_slice(packed, slice_of(json_string_value(value),
	    json_string_length(value)));
	return true;
}

/* Every key of `args` is an argument of the request. */
static bool
keys_are_known(const struct admin_request *request, json_t *args)
{
	const char *key;
	json_t *value;

	json_object_foreach(args, key, value) {
		size_t i = 0;

		while (request->args[i].name != NULL &&
		    strcmp(request->args[i].name, key) != 0)
			i++;
		if (request->args[i].name == NULL)
			return false;
	}
	return true;
}

/* 0, or -EINVAL with *why_out. */
static int
read_object(json_t *object, struct slice own,
    const struct admin_request **request_out, struct text *packed,
    const char **why_out)
{
	json_t *name = json_object_get(object, "request");
	json_t *args = json_object_get(object, "args");
	const struct admin_request *request;

	*why_out = "no such request";
	if (!json_is_string(name))
		return -EINVAL;
	request = admin_find(slice_of(json_string_value(name),
	    json_string_length(name)));
	if (request == NULL)
		return -EINVAL;
	*why_out = "args is no object of this request's arguments";
	if (args != NULL && (!json_is_object(args) ||
	    !keys_are_known(request, args)))
		return -EINVAL;
	for (size_t i = 0; request->args[i].name != NULL; i++) {
		*why_out = request->args[i].name;
		if (!pack_arg(packed, &request->args[i],
		    json_object_get(args, request->args[i].name), own))
			return -EINVAL;
	}
	if (text_failed(packed))
		return -ENOMEM;
	*request_out = request;
	return 0;
}

int
admin_read(struct slice line, const struct admin_request **request_out,
    struct text *packed, const char **why_out)
{
	return admin_read_own(line, slice_of(NULL, 0), request_out, packed,
	    why_out);
}

int
admin_read_own(struct slice line, struct slice own,
    const struct admin_request **request_out, struct text *packed,
    const char **why_out)
{
	json_t *object;
	int r;

	*why_out = "no JSON object";
	if (line.len == 0 || line.len > ADMIN_LINE_BYTES)
		return -EINVAL;
	/* jansson itself refuses nesting deeper than 2,048 */
	object = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, NULL);
	if (object == NULL)
		return -EINVAL;
	r = json_is_object(object) ?
	    read_object(object, own, request_out, packed, why_out) : -EINVAL;
	json_decref(object);
	return r;
}

void
admin_write(const struct admin_request *request,
    const char *const values[ADMIN_ARGS], struct text *line)
{
	const char *comma = "";

	text_add_str(line, "{\"request\": ");
	text_add_json(line, slice_str(request->name));
	text_add_str(line, ", \"args\": {");
	for (size_t i = 0; request->args[i].name != NULL; i++) {
		if (values[i] == NULL)
			continue;
		text_add_str(line, comma);
		text_add_json(line, slice_str(request->args[i].name));
		text_add_str(line, ": ");
		text_add_json(line, slice_str(values[i]));
		comma = ", ";
	}
	text_add_str(line, "}}");
}

void
admin_error_write(const char *code, const char *words, struct text *line)
{
	text_add_str(line, "{\"ok\": false, \"error\": ");
	text_add_json(line, slice_str(code));
	text_add_str(line, ", \"field\": null, \"words\": ");
	text_add_json(line, slice_str(words));
	text_add_str(line, "}");
}

static void
write_column(struct unpack *u, const struct admin_field *column,
    struct text *line)
{
	text_add_json(line, slice_str(column->name));
	text_add_str(line, ": ");
	switch (column->kind) {
	case ADMIN_NUMBER:
		text_addf(line, "%" PRIu64, unpack_u64(u));
		break;
	case ADMIN_TIME:
		text_addf(line, "%" PRId64, unpack_i64(u));
		break;
	default:
		text_add_json(line, unpack_slice(u));
		break;
	}
}

static void
write_rows(const struct admin_request *request, struct unpack *u, uint32_t rows,
    struct text *line)
{
	text_add_str(line, "{\"ok\": true, \"result\": [");
	for (uint32_t row = 0; row < rows && !u->bad; row++) {
		text_add_str(line, row == 0 ? "{" : ", {");
		for (size_t i = 0; request->columns[i].name != NULL; i++) {
			if (i > 0)
				text_add_str(line, ", ");
			write_column(u, &request->columns[i], line);
		}
		text_add_str(line, "}");
	}
	text_add_str(line, "]}");
}

/* The number of the argument at fault, or NULL. */
static const char *
field_name(const struct admin_request *request, unsigned field)
{
	for (unsigned i = 0; request->args[i].name != NULL; i++)
		if (i == field)
			return request->args[i].name;
	return NULL;
}

int
admin_answer_write(const struct admin_request *request, struct slice packed,
    enum language language, struct text *line)
{
	struct unpack u = unpack_of(packed);
	enum admin_status status = unpack_enum(&u, ADMIN_STATUS_COUNT);
	const char *field = field_name(request, unpack_u8(&u));
	uint32_t rows = unpack_u32(&u);

	if (u.bad || rows > ADMIN_ROWS)
		return -EBADMSG;
	if (status == ADMIN_OK) {
		write_rows(request, &u, rows, line);
		return unpack_is_done(&u) ? 0 : -EBADMSG;
	}
	text_add_str(line, "{\"ok\": false, \"error\": ");
	text_add_json(line, slice_str(admin_status_code(status)));
	text_add_str(line, ", \"field\": ");
	if (field == NULL)
		text_add_str(line, "null");
	else
		text_add_json(line, slice_str(field));
	text_add_str(line, ", \"words\": ");
	text_add_json(line, slice_str(say(language,
	    admin_status_sentence(status))));
	text_add_str(line, "}");
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}
