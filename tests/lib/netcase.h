/* netcase.h - one question to a network back end, on a fixture: facts, wish, answer, as text. */
#ifndef TESTS_NETCASE_H
#define TESTS_NETCASE_H

#include "net/backend.h"
#include "tests/lib/fixture.h"

struct netcase {
	struct fixture fixture;
	struct kh_facts_net facts;
	struct kh_config_bridge
		config; /* name br0, address inherit; change it before netcase_ask */
	enum kh_net_manager manager;
	struct kh_net_view view;
	struct kh_dhcp_identity dhcp;
	struct kh_net_answer answer;
	struct kh_error err;
	int result;
};

/* name NULL: an empty root, to be filled with fixture_put. */
void netcase_open(struct netcase *netcase, const char *name);
void netcase_close(struct netcase *netcase);
void netcase_static(struct netcase *netcase, const char *address, const char *gateway,
		    const char *dns);
/* A physical link of an empty root: /sys files, and a default route over it when is_default. */
void netcase_link(struct netcase *netcase, const char *name, const char *mac, bool is_default);

/* Collect facts and ask the back end in charge about the port (NULL: that of the default route). */
void netcase_ask(struct netcase *netcase, const char *port);
/* Put the answer's edits below the root. */
void netcase_apply(struct netcase *netcase);
/* The new content of a path, NULL when it is not edited or removed. */
const char *netcase_text(const struct netcase *netcase, const char *path);
/* All edits as one text. Owned. */
char *netcase_dump(const struct netcase *netcase);
/* Compare with tests/golden/net/NAME.txt; KH_UPDATE_GOLDEN=1 writes it. */
void netcase_golden(const struct netcase *netcase, const char *name);

#endif
