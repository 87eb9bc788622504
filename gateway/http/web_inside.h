/*
 * web_inside.h - what web.c, api.c and the pages share; for them alone
 */
#ifndef POSTROOM_GATEWAY_HTTP_WEB_INSIDE_H
#define POSTROOM_GATEWAY_HTTP_WEB_INSIDE_H

#include <sys/queue.h>

#include "gateway/http/answer.h"
#include "gateway/http/form.h"
#include "gateway/http/html.h"
#include "gateway/http/server.h"
#include "gateway/http/sessions.h"
#include "gateway/http/tries.h"
#include "gateway/http/web.h"

#define WEB_PAGE_BYTES	(512 * 1024)	/* 50 mailboxes of 4 KiB, twice over */

struct web_visit;

typedef void	web_fn(struct web_visit *);
typedef void	web_answer_fn(struct web_visit *, struct answer *);

/* What a route asks for; the dispatcher checks it before the handler runs. */
enum {
	WEB_FORM	= 1 << 0,	/* a form that one of our pages sent */
	WEB_PERSON	= 1 << 1,	/* a session; forms: its token */
	WEB_API		= 1 << 2,	/* JSON, and a password or a session */
	WEB_LINK	= 1 << 3,	/* its path goes on, with a signed link */
};

struct web_route {
	const char	*method;	/* "GET" stands for HEAD, too */
	const char	*path;		/* NULL ends the table */
	unsigned	 needs;
	web_fn		*handler;
};

struct web {
	struct loop		*loop;
	struct http		*http;
	struct sessions		*sessions;
	struct tries		*tries;
	enum language		 office;
	struct web_ports	 ports;
	LIST_HEAD(, web_visit)	 visits;
};

/* One request on its way to its answer. */
struct web_visit {
	LIST_ENTRY(web_visit)	 next;
	struct web		*web;
	struct http_exchange	*exchange;
	const struct http_request *request;
	const struct web_route	*route;
	enum language		 language;
	struct form		 form;		/* of the body */
	struct form		 query;
	struct slice		 session;	/* its token, or empty */
	uint64_t		 stamp;		/* of that session */
	struct slice		 link;		/* behind the route's path */
	/* who is logged in: */
	uint64_t		 account;
	char			 address[ADDRESS_SIZE];
	char			 token[SESSION_TOKEN_SIZE];	/* for forms */
	bool			 may_fetch;
	bool			 may_forward;
	/* what is being asked: */
	const struct admin_request *asked;
	web_answer_fn		*then;
	struct text		 kept;		/* an answer before this one */
	web_fn			*welcomed;	/* after a login */
	struct text		 tried;		/* its name, for the log */
	bool			 had_cookie;
	bool			 refreshes;	/* the page, by itself */
	const char		*fault;		/* the argument that is unfit */
	enum sentence		 words;		/* and what is said about it */
	struct timer		*again;		/* it is asked again; or NULL */
	unsigned		 times;		/* it was */
};

/* Web.c */

/* Answer; the visit is over. */
void	web_reply(struct web_visit *, unsigned status, const char *type,
	    const struct text *body);
/* Go on there, with GET (303); `session`: a cookie to be set, or NULL. */
void	web_go(struct web_visit *, const char *path, const char *session);
/* An argument, by its name. */
struct web_value {
	const char	*name;		/* NULL ends a list */
	struct slice	 value;		/* NULL at: not given */
};
/*
 * Make the request `name` for who is logged in, whose address it gets; `then`
 * gets the answer.  Values that the request has no argument for are left out.
 */
void	web_ask(struct web_visit *, const char *name,
	    const struct web_value *values, web_answer_fn *then);
/* Make the request `name` for whoever has the link of this visit. */
void	web_ask_by_link(struct web_visit *, const char *name,
	    web_answer_fn *then);
/* `then` runs when it is known who this account is, and what they speak. */
void	web_know(struct web_visit *, uint64_t account, web_fn *then);
/* The same with packed arguments. */
void	web_ask_packed(struct web_visit *, const struct admin_request *,
	    struct slice packed, web_answer_fn *then);
/* Check this password; `welcomed` runs when account, stamp, ... are known. */
void	web_login(struct web_visit *, struct slice user,
	    struct slice password, web_fn *welcomed);

/* End the session of its cookie, if there is one. */
void	web_end_session(struct web_visit *);

/* How each kind of route says no */

enum web_fault {
	WEB_LATER,		/* a role is not there, or memory is out */
	WEB_NO_PAGE,
	WEB_NO_METHOD,
	WEB_BROKEN,		/* no form, no JSON */
	WEB_FOREIGN,		/* not sent by a page of ours */
	WEB_STRANGER,		/* name and password do not go together */
	WEB_LOGGED_OUT,		/* nobody is logged in (any more) */
	WEB_FORBIDDEN,		/* the postmaster does not allow it */
	WEB_TOO_MANY,		/* links that are none came from there */
	WEB_FAULTS
};
unsigned web_fault_status(enum web_fault);
void	web_fail(struct web_visit *, enum web_fault);

/* Api.c, me.c, held.c */

web_fn	api_request;
/* Say it in JSON, in the words of admin_json.h. */
void	api_fail(struct web_visit *, enum web_fault);
web_fn	me_root, me_style, me_list, me_login, me_logout, me_add_form, me_add,
	me_change_form, me_change, me_test, me_now, me_run, me_remove_form,
	me_remove, me_consent_page, me_consent, me_consent_code, held_list,
	held_one, held_end, held_link_one, held_link_end, me_senders,
	me_senders_change, me_forward, me_forward_change;
/* Say it in a page; who is not logged in gets the form to do that. */
void	me_fail(struct web_visit *, enum web_fault);

#endif
