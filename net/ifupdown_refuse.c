/* ifupdown_refuse.c - see ifupdown_refuse.h. */
#include "net/ifupdown_refuse.h"

#include <fnmatch.h>
#include <string.h>

#include "core/base/mem.h"
#include "net/ifupdown_line.h"

/* A mapping's patterns are those of the shell. */
static int refuse_mapping(const struct kh_ifupdown_job *job,
			  const struct kh_interfaces_block *block, const char *path,
			  struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_interfaces_words(block->lines.items[0], &words);
	if (words.count < 2 || strcmp(words.items[0], "mapping") != 0)
		return 0;
	for (size_t i = 1; i < words.count; i++) {
		bool is_of_port = fnmatch(words.items[i], job->port, 0) == 0;
		if (!is_of_port && fnmatch(words.items[i], job->bridge, 0) != 0)
			continue;
		kh_fail(err, KH_HOST, 0, "'%s' maps '%s' to logical interfaces", path,
			is_of_port ? job->port : job->bridge);
		return kh_hint(err,
			       "write the bridge by hand, or replace the mapping by an 'iface %s' "
			       "stanza",
			       job->port);
	}
	return 0;
}

/* ---- templates ---- */

/* The stanza whose options this one gets; "": none. Owned. */
static char *parent_of(const struct kh_interfaces_block *block)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_interfaces_words(block->lines.items[0], &words);
	for (size_t i = 2; i + 1 < words.count; i++)
		if (strcmp(words.items[i], "inherits") == 0)
			return kh_strdup(words.items[i + 1]);
	return kh_strdup("");
}

/* Inherited lines come before those of the stanza, and other stanzas may inherit them, too: they
 * can be neither moved nor renamed. */
static bool needs_port(const struct kh_ifupdown_job *job, const char *line)
{
	kh_auto(kh_free) char *of_port = NULL;
	kh_auto(kh_free) char *of_bridge = NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_auto(kh_free) char *renamed = kh_net_rename(line, job->port, job->bridge);
	kh_interfaces_words(line, &words);
	if (words.count == 0)
		return false;
	return kh_ifupdown_divide(line, &of_port, &of_bridge) != 0 || of_port ||
	       strcmp(words.items[0], "mtu") == 0 || strcmp(words.items[0], "pre-up") == 0 ||
	       strcmp(renamed, line) != 0;
}

static bool gives_port_lines(const struct kh_ifupdown_job *job, const struct kh_interfaces_set *set,
			     const char *name, int depth)
{
	enum { DEEPEST = 8 };
	for (size_t i = 0; i < set->place_count; i++) {
		const struct kh_interfaces_block *block = kh_interfaces_at(set, i);
		if (!block->is_stanza || strcmp(block->name, name) != 0)
			continue;
		for (size_t l = 1; l < block->lines.count; l++)
			if (needs_port(job, block->lines.items[l]))
				return true;
		kh_auto(kh_free) char *parent = parent_of(block);
		if (*parent && (depth >= DEEPEST || gives_port_lines(job, set, parent, depth + 1)))
			return true;
	}
	return false;
}

static int refuse_template(const struct kh_ifupdown_job *job, const struct kh_interfaces_set *set,
			   const struct kh_interfaces_block *block, const char *path,
			   struct kh_error *err)
{
	kh_auto(kh_free) char *parent = parent_of(block);
	bool is_of_port = strcmp(block->name, job->port) == 0;
	if (!*parent)
		return 0;
	if (!is_of_port && strcmp(parent, job->port) == 0) {
		kh_fail(err, KH_HOST, 0,
			"'%s': '%s' inherits the options of '%s', which move to the bridge", path,
			block->name, job->port);
		return kh_hint(err, "write them into the stanza of '%s'", block->name);
	}
	if (!is_of_port || !gives_port_lines(job, set, parent, 0))
		return 0;
	kh_fail(err, KH_HOST, 0,
		"'%s': '%s' inherits options from '%s' that have to stay with the link", path,
		job->port, parent);
	return kh_hint(err, "write them into the stanza of '%s'", job->port);
}

/* ---- files ---- */

static int refuse_volatile(const struct kh_ifupdown_job *job, const char *path,
			   struct kh_error *err)
{
	static const char *const places[] = {"/run/", "/var/run/", "/tmp/", "/dev/", "/proc/"};
	kh_auto(kh_free) char *real = kh_root_resolve(job->wish->view->root, path);
	for (size_t i = 0; i < KH_COUNT(places); i++) {
		if (!kh_str_starts(real ? real : path, places[i]))
			continue;
		kh_fail(err, KH_HOST, 0, "'%s' has '%s', but does not outlast a boot", path,
			job->port);
		return kh_hint(err,
			       "put 'iface %s' into /etc/network/interfaces, and end what writes "
			       "that file",
			       job->port);
	}
	return 0;
}

int kh_ifupdown_refuse(const struct kh_ifupdown_job *job, const struct kh_interfaces_set *set,
		       size_t place, struct kh_error *err)
{
	const struct kh_interfaces_block *block = kh_interfaces_at(set, place);
	const char *path = set->paths.items[set->places[place].file];
	if (!block->is_stanza)
		return refuse_mapping(job, block, path, err);
	bool is_edited =
		strcmp(block->name, job->port) == 0 || kh_ifupdown_is_label(block->name, job->port);
	if (is_edited && refuse_volatile(job, path, err) != 0)
		return -1;
	return refuse_template(job, set, block, path, err);
}
