// Command codegen writes Python with Pulumi's own generators.
//
//	codegen package SCHEMA.json DIRECTORY
//	codegen program LOADER < SOURCES.json > FILES.json
//
// The first makes the typed SDK of a package. The second makes a program out of what `pulumi import` wrote.
// DIRECTORY is emptied of the files that the generator owns (those listed in the manifest it leaves behind) and
// written anew; output is the same, byte for byte, for the same schema.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const manifest = ".generated"

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "package":
		err = generate(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "program":
		err = program(os.Args[2], os.Stdin, os.Stdout)
	default:
		fail("usage: codegen package SCHEMA.json DIRECTORY | codegen program LOADER")
	}
	if err != nil {
		fail(err.Error())
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "codegen: "+message)
	os.Exit(1)
}

func generate(source, directory string) error {
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(data, &spec); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	// No loader: the schema refers to no other package, so nothing is ever downloaded.
	pkg, err := schema.ImportSpec(spec, nil, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return err
	}
	files, err := python.GeneratePackage("jichitai", pkg, nil, nil)
	if err != nil {
		return err
	}
	if err := clean(directory); err != nil {
		return err
	}
	return write(directory, files)
}

// clean removes what the last run wrote, and only that.
func clean(directory string) error {
	listed, err := os.ReadFile(filepath.Join(directory, manifest))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(listed)) {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s lists a path outside its folder: %s", manifest, name)
		}
		if err := os.Remove(filepath.Join(directory, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

func write(directory string, files map[string][]byte) error {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(directory, manifest), []byte(strings.Join(names, "\n")+"\n"), 0o644)
}
