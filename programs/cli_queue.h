/*
 * cli_queue.h - what the files of postroom queue share
 */
#ifndef POSTROOM_PROGRAMS_CLI_QUEUE_H
#define POSTROOM_PROGRAMS_CLI_QUEUE_H

#include "programs/cli.h"

#include <jansson.h>

/* A column of a row; "" and 0 where it is not there. */
const char *cli_queue_text(const json_t *row, const char *name);
uint64_t cli_queue_number(const json_t *row, const char *name);
/* Ask, and take the answer apart.  CLI_OK, or told. */
int	cli_queue_ask(struct cli *, const char *name,
	    const char *const values[ADMIN_ARGS], json_t **object_out);
/* Add all that can be taken back, as "recall list" tells it.  CLI_OK, or told. */
int	cli_queue_recalls(struct cli *, json_t *rows);
/* The rows as the answer to --json.  CLI_OK, or told. */
int	cli_queue_print(struct cli *, json_t *rows);

#endif
