/* report_html.c - see report.h: the page around the pictures and the checks.
 *
 * One file: the style sheet is in it, pictures are inline SVG, nothing is loaded and nothing is
 * run; a policy in the page itself forbids both, should an escape be missed one day. Everything a
 * host says goes through kh_safe_add_markup().
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/report_html.h"
#include "cmd/svg.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/report_compare.h"
#include "core/report_read.h"
#include "core/safe_text.h"
#include "core/template.h"

/* The built-in one: a host that is looked at from outside has no say in its report. */
static const char *style_sheet(void)
{
	const struct kh_template_source *source = kh_template_sources;
	for (; source->path; source++)
		if (strcmp(source->path, "report/page.css") == 0)
			return source->text;
	abort(); /* it is compiled in: our bug */
}

static void add_head(struct kh_str *out, const json_t *document)
{
	kh_str_add(out,
		   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		   "style-src 'unsafe-inline'\">\n"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		   "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	kh_safe_add_markup(out, kh_json_get(document, "host"));
	kh_str_addf(out, ": readiness report</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		    style_sheet());
}

void kh_html_open_badge(struct kh_str *out, enum kh_status status, const char *more)
{
	const char *name = kh_status_name(status);
	kh_str_addf(out, "<span class=\"badge%s ", more);
	kh_str_add_bytes(out, name, strlen(name)); /* a class, in every language */
	kh_str_add(out, "\">");
}

static void add_badge(struct kh_str *out, enum kh_status status, size_t count)
{
	if (count == 0)
		return;
	kh_html_open_badge(out, status, "");
	kh_str_addf(out, "%zu %s</span>\n", count, kh_status_name(status));
}

void kh_html_add_counts(struct kh_str *out, const struct kh_report_counts *counts)
{
	static const enum kh_status order[] = {KH_FAIL, KH_WARN, KH_PASS, KH_SKIP};
	for (size_t i = 0; i < KH_COUNT(order); i++)
		add_badge(out, order[i], counts->of[order[i]]);
}

static void add_fact(struct kh_str *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	kh_str_addf(out, "<div><dt>%s</dt><dd>", name);
	kh_safe_add_markup(out, text);
	kh_str_add(out, "</dd></div>\n");
}

static char *processor_text(const json_t *machine)
{
	const char *model = kh_report_text_at(machine, "facts.cpu.model_name");
	long long sockets = kh_report_number_at(machine, "facts.cpu.socket_count");
	long long count = kh_report_number_at(machine, "facts.cpu.count");
	if (!model)
		return NULL;
	return sockets > 1 ? kh_printf("%lld × %s, %lld CPUs", sockets, model, count)
			   : kh_printf("%s, %lld CPUs", model, count);
}

static void add_facts(struct kh_str *out, const json_t *document)
{
	const json_t *machine = json_object_get(document, "machine");
	const char *version = kh_json_get(document, "kvmhost");
	long long total_kib = kh_report_number_at(machine, "facts.memory.total_kib");
	kh_auto(kh_free) char *processor = processor_text(machine);
	kh_auto(kh_free) char *memory = total_kib > 0 ? kh_svg_size(total_kib) : NULL;
	kh_auto(kh_free) char *maker = *version ? kh_printf("kvmhost %s", version) : NULL;
	kh_str_add(out, "<dl class=\"facts card\">\n");
	add_fact(out, KH_WORD("System"), kh_report_text_at(machine, "facts.os.name"));
	add_fact(out, KH_WORD("Kernel"), kh_report_text_at(machine, "facts.os.kernel_release"));
	add_fact(out, KH_WORD("Processor"), processor);
	add_fact(out, KH_WORD("Memory"), memory);
	add_fact(out, "QEMU", kh_report_text_at(machine, "programs.qemu.version"));
	add_fact(out, "libvirt", kh_report_text_at(machine, "programs.libvirt.version"));
	add_fact(out, "Looked at", kh_json_get(document, "time"));
	add_fact(out, KH_WORD("By"), maker);
	kh_str_add(out, "</dl>\n");
}

static void add_verdict(struct kh_str *out, const json_t *document,
			const struct kh_report_counts *counts)
{
	bool is_ready = strcmp(kh_json_get(document, "verdict"), "ready") == 0;
	const char *host = kh_json_get(document, "host");
	size_t index;
	json_t *stage;
	kh_str_add(out, "<header>\n<h1>");
	kh_safe_add_markup(out, *host ? host : "this host");
	kh_str_add(out, "</h1>\n<div class=\"verdict\">");
	kh_html_open_badge(out, is_ready ? KH_PASS : KH_FAIL, " big");
	kh_str_addf(out, "%s</span>\n", is_ready ? KH_WORD("Ready") : "Not ready");
	kh_html_add_counts(out, counts);
	kh_str_add(out, "</div>\n");
	json_array_foreach(json_object_get(document, "stages"), index, stage)
	{
		kh_str_add(out, index == 0 ? "<p>Only these stages were looked at: " : ", ");
		kh_safe_add_markup(out, json_string_value(stage));
	}
	kh_str_add(out, index > 0 ? "</p>\n" : "");
	add_facts(out, document);
	kh_str_add(out, "<nav aria-label=\"On this page\"><a href=\"#attention\">What needs "
			"attention</a> <a href=\"#machine\">The machine</a> <a href=\"#rest\">The "
			"other checks</a></nav>\n</header>\n<main>\n");
}

static void add_change(struct kh_str *out, const json_t *change, const char *key)
{
	const char *text = kh_report_text_at(change, key);
	kh_str_add(out, "<td>");
	kh_safe_add_markup(out, text ? text : "(absent)");
	kh_str_add(out, "</td>");
}

static void add_previous(struct kh_str *out, const json_t *document)
{
	const json_t *previous = json_object_get(document, "previous"), *change;
	const json_t *changes = json_object_get(previous, "changes");
	const char *time = kh_report_text_at(previous, "time");
	kh_auto(kh_free) char *scope = kh_report_scope_text(json_object_get(previous, "stages"));
	if (!json_is_array(changes))
		return;
	kh_str_add(out, "<section class=\"card\"><h2>What changed since ");
	kh_safe_add_markup(out, time ? time : kh_json_get(previous, "file"));
	kh_str_add(out, "</h2>\n");
	if (scope) {
		kh_str_add(out, "<p>");
		kh_safe_add_markup(out, scope);
		kh_str_add(out, "</p>\n");
	}
	if (json_array_size(changes) == 0)
		kh_str_add(out, KH_WORD("<p>Nothing.</p>\n"));
	else
		kh_str_add(out, "<table><thead><tr><th scope=\"col\">What</th><th scope=\"col\">"
				"Before</th><th scope=\"col\">Now</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < json_array_size(changes); i++) {
		change = json_array_get(changes, i);
		kh_str_add(out, "<tr><th scope=\"row\">");
		kh_safe_add_markup(out, kh_json_get(change, "what"));
		kh_str_add(out, "</th>");
		add_change(out, change, "before");
		add_change(out, change, "now");
		kh_str_add(out, "</tr>\n");
	}
	kh_str_add(out,
		   json_array_size(changes) > 0 ? "</tbody></table></section>\n" : "</section>\n");
}

static void add_pictures(struct kh_str *out, const json_t *machine)
{
	kh_auto(kh_str_done) struct kh_str topology = {0}, pair = {0};
	kh_svg_topology(&topology, machine);
	kh_svg_network(&pair, machine);
	kh_svg_boot(&pair, machine);
	if (!machine)
		return;
	kh_str_add(out, "<h2 id=\"machine\">The machine</h2>\n");
	if (topology.length > 0)
		kh_str_addf(out,
			    "<figure class=\"card\"><figcaption>Topology</figcaption>\n"
			    "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
			    "aria-label=\"Topology of the machine\">\n%s</div></figure>\n",
			    kh_str_text(&topology));
	kh_svg_memory(out, machine);
	if (pair.length > 0)
		kh_str_addf(out, "<div class=\"pair\">\n%s</div>\n", kh_str_text(&pair));
	kh_svg_builds(out, machine);
}

char *kh_report_html(const json_t *document)
{
	struct kh_str out = {0};
	kh_auto(kh_html_checks_done) struct kh_html_checks checks = {0};
	kh_html_checks_read(&checks, document);
	add_head(&out, document);
	add_verdict(&out, document, &checks.counts);
	add_previous(&out, document);
	kh_html_add_findings(&out, &checks);
	add_pictures(&out, json_object_get(document, "machine"));
	kh_html_add_checks(&out, &checks);
	kh_str_add(&out, "</main>\n<footer>A host is ready when no check fails. "
			 "<code>kvmhost report</code> looks again.</footer>\n</body>\n</html>\n");
	return kh_str_take(&out);
}
