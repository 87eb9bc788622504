/*
 * cli_fetch_import.h - what is planned for each account that is moved in
 */
#ifndef POSTROOM_PROGRAMS_CLI_FETCH_IMPORT_H
#define POSTROOM_PROGRAMS_CLI_FETCH_IMPORT_H

#include "fetch/import/import.h"
#include "programs/cli_fetch.h"

enum plan_does {
	PLAN_ADD,
	PLAN_FINISH,		/* it is there, and nothing is collected yet */
	PLAN_THERE,		/* only its UIDLs are told */
	PLAN_DOES_COUNT
};

struct plan {
	STAILQ_ENTRY(plan)	 next;
	struct import_account	*account;
	enum plan_does		 does;
	const char		*owner;		/* its whole address */
	const char		*label;
	uint32_t		 known;		/* UIDLs told of it */
	bool			 done;
	json_t			*row;		/* in importing.rows */
};
STAILQ_HEAD(plans, plan);

struct importing {
	struct cli		*cli;
	struct import		 import;
	struct plans		 plans;
	json_t			*rows;		/* one of each plan */
	json_t			*accounts;	/* here: "account list" */
	json_t			*fetches;	/* here: "fetch list" */
	bool			 dry;
	bool			 asks;		/* a person is at a terminal */
};

/* What a request has come to, without a word to anybody. */
enum import_said { IMPORT_SAID_OK, IMPORT_SAID_NO, IMPORT_SAID_NOTHING };

/*
 * Make that request.  NO: `words` has why; NOTHING: nobody answered, which has
 * been told, and the exit code is in *code_out.
 */
enum import_said import_ask(struct importing *, const char *name,
	    const char *const values[ADMIN_ARGS], struct text *words,
	    json_t **object_out, int *code_out);

/* Cli_fetch_import_plan.c */

/*
 * Say what becomes of each account that was found.  `owner` (or NULL) is for
 * all; `maps` are `map_count` words THERE=HERE.  CLI_OK, or told.
 */
int	import_plan(struct importing *, const char *owner,
	    const char *const *maps, unsigned map_count);
/* What of the mail that waits there is collected: "all", or "unsaid". */
const char *import_from(const struct import_account *);
/* The port, also if none was named. */
unsigned import_port_of(const struct import_account *);

/* Cli_fetch_import_do.c */

/* Do what is planned; what cannot be done is remarked.  CLI_OK, or told. */
int	import_do(struct importing *);

#endif
