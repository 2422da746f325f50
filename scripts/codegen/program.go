package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// program turns the engine's own notation (PCL), which `pulumi import` writes, into Python.
//
// input is a JSON object of file names and texts; loader is the address at which the engine gives schemas. The answer
// is a JSON object: files, and problems in words when the program cannot be bound.
func program(loader string, input io.Reader, output io.Writer) error {
	var sources map[string]string
	if err := json.NewDecoder(input).Decode(&sources); err != nil {
		return err
	}
	client, err := schema.NewLoaderClient(loader)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(sources))
	for name := range sources {
		names = append(names, name)
	}
	sort.Strings(names)
	parser := syntax.NewParser()
	for _, name := range names {
		if err := parser.ParseFile(strings.NewReader(sources[name]), name); err != nil {
			return err
		}
	}
	if parser.Diagnostics.HasErrors() {
		return answer(output, nil, parser.Diagnostics)
	}
	bound, problems, err := pcl.BindProgram(parser.Files, schema.NewCachedLoader(client), pcl.NonStrictBindOptions()...)
	if err != nil {
		return err
	}
	if problems.HasErrors() || bound == nil {
		return answer(output, nil, problems)
	}
	files, more, err := python.GenerateProgram(bound)
	if err != nil {
		return err
	}
	return answer(output, files, append(problems, more...))
}

func answer(output io.Writer, files map[string][]byte, problems hcl.Diagnostics) error {
	said := make([]string, 0, len(problems))
	for _, problem := range problems {
		said = append(said, fmt.Sprintf("%s: %s", problem.Summary, problem.Detail))
	}
	texts := make(map[string]string, len(files))
	for name, text := range files {
		texts[name] = string(text)
	}
	return json.NewEncoder(output).Encode(map[string]any{"files": texts, "problems": said})
}
