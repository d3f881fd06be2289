/* init_guide.c - the questions of `kvmhost init --guided`.
 *
 * Few: only what nobody can find out, because it is a decision. Each says what speaks for either
 * side, with this host's numbers; an empty answer takes the proposal in brackets.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/config_help.h"

enum { COLUMNS = 79, ASKED_MOST = 5 };

static void say(const char *text)
{
	kh_auto(kh_str_done) struct kh_str lines = {0};
	kh_config_wrap(&lines, "", text, COLUMNS);
	kh_print(stderr, "\n%s", kh_str_text(&lines));
}

/* An answer; the proposal when it is empty. Owned, or NULL at the end of the input. */
static char *ask(const char *question, const char *proposal)
{
	char line[256];
	kh_print(stderr, "%s [%s] ", question, proposal);
	if (!fgets(line, sizeof(line), stdin))
		return NULL;
	char *answer = kh_str_trim(line);
	return kh_strdup(*answer ? answer : proposal);
}

static int no_answer(struct kh_error *err)
{
	return kh_fail(err, KH_USAGE, 0, "init: no answer: nothing was written");
}

static int ask_yes(const char *question, bool proposal, bool *ret_yes, struct kh_error *err)
{
	static const char *const yes[] = {"y", "Y", "yes"}, *const no[] = {"n", "N", "no"};
	for (int asked = 0; asked < ASKED_MOST; asked++) {
		kh_auto(kh_free) char *answer = ask(question, proposal ? "Y/n" : "y/N");
		if (!answer)
			return no_answer(err);
		bool is_proposal = strchr(answer, '/') != NULL;
		bool is_yes = kh_str_is_one_of(answer, yes, KH_COUNT(yes));
		if (is_proposal || is_yes || kh_str_is_one_of(answer, no, KH_COUNT(no))) {
			*ret_yes = is_proposal ? proposal : is_yes;
			return 0;
		}
		kh_print(stderr, "y or n, please\n");
	}
	return no_answer(err);
}

static int ask_percent(const char *question, long long most, long long *ret_percent,
		       struct kh_error *err)
{
	for (int asked = 0; asked < ASKED_MOST; asked++) {
		kh_auto(kh_free) char *answer = ask(question, "0");
		if (!answer)
			return no_answer(err);
		*ret_percent = kh_str_number(answer);
		if (*ret_percent >= 0 && *ret_percent <= most)
			return 0;
		kh_print(stderr, "a number from 0 to %lld, please\n", most);
	}
	return no_answer(err);
}

/* ---- the questions ---- */

static int ask_source(struct kh_strv *chosen, struct kh_error *err)
{
	static const char *const programs[] = {"kernel", "qemu", "libvirt"};
	bool is_built = true;
	say("Kernel, QEMU and libvirt can be built from source: a kernel for this hardware, newer "
	    "programs, and an hour or more of work for this machine. Or the distribution's "
	    "packages serve, with its updates.");
	if (ask_yes("Build from source?", true, &is_built, err) != 0)
		return -1;
	for (size_t i = 0; !is_built && i < KH_COUNT(programs); i++)
		kh_strv_addf(chosen, "%s.version=none", programs[i]);
	return 0;
}

static int ask_bridge(const struct kh_facts *facts, struct kh_strv *chosen, struct kh_error *err)
{
	bool is_wanted = true;
	if (!facts->net.default_link)
		return 0;
	kh_auto(kh_free) char *text =
		kh_printf("With a bridge, guests are in the network of this host like machines of "
			  "their own. The address of '%s' moves to it at the next boot; if nothing "
			  "answers then, it is taken back by itself.",
			  facts->net.default_link);
	say(text);
	if (ask_yes("Make a bridge?", true, &is_wanted, err) != 0)
		return -1;
	if (!is_wanted)
		kh_strv_add(chosen, "bridge.port=none");
	return 0;
}

static int ask_pages(const struct kh_facts *facts, struct kh_strv *chosen, struct kh_error *err)
{
	long long percent = 0, kib = facts->memory.total_kib;
	if (kib <= 0)
		return 0;
	kh_auto(kh_free) char *text = kh_printf(
		"Huge pages make guests with much memory faster, and are then for them alone. "
		"This host has %.1f GiB in %zu NUMA node%s: 50 %% would be %lld pages of 2M.",
		(double)kib / (1 << 20),
		facts->memory.node_count > 0 ? facts->memory.node_count : 1,
		facts->memory.node_count > 1 ? "s" : "", kib / 2 / 2048);
	say(text);
	if (ask_percent("Percent of the memory for huge pages (0: none)?", 90, &percent, err) != 0)
		return -1;
	if (percent == 0)
		return 0;
	bool is_large = kh_facts_cpu_has(&facts->cpu, "pdpe1gb") && kib >= 64LL << 20;
	if (is_large) {
		say("This processor has pages of 1G as well: better still for guests with many "
		    "gigabytes, each with a whole number of them.");
		if (ask_yes("Pages of 1G instead of 2M?", false, &is_large, err) != 0)
			return -1;
	}
	kh_strv_addf(chosen, "hugepages.pools=[{size: %s, percent: %lld, mount: %s}]",
		     is_large ? "1G" : "2M", percent,
		     is_large ? "/dev/hugepages1G" : "/dev/hugepages");
	return 0;
}

static int ask_ksm(struct kh_strv *chosen, struct kh_error *err)
{
	bool is_wanted = true;
	say("Kernel samepage merging keeps equal pages of guests once: many alike guests need much "
	    "less memory. It costs some processor time, and a guest may find out what another "
	    "one has in memory: not for guests that do not trust each other.");
	if (ask_yes("Merge equal pages?", true, &is_wanted, err) != 0)
		return -1;
	if (!is_wanted)
		kh_strv_add(chosen, "ksm.run=false");
	return 0;
}

int kh_init_guide(const struct kh_facts *facts, struct kh_strv *chosen, struct kh_error *err)
{
	if (ask_source(chosen, err) != 0 || ask_bridge(facts, chosen, err) != 0 ||
	    ask_pages(facts, chosen, err) != 0)
		return -1;
	return ask_ksm(chosen, err);
}
