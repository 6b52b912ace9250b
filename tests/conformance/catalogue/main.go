// Command catalogue lists the suite's tests of gateways as JSON: the profiles that count each, as core or extended.
package main

import (
	"encoding/json"
	"log"
	"os"
	"slices"

	_ "sigs.k8s.io/gateway-api/conformance" // compiled as a test, which go.mod does not see
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

var profiles = []suite.ConformanceProfile{
	suite.GatewayHTTPConformanceProfile,
	suite.GatewayGRPCConformanceProfile,
	suite.GatewayTLSConformanceProfile,
	suite.GatewayTCPConformanceProfile,
	suite.GatewayUDPConformanceProfile,
}

type test struct {
	Name     string            `json:"name"`
	Profiles map[string]string `json:"profiles"`
}

func main() {
	listed := []test{}
	for _, found := range tests.ConformanceTests {
		if slices.Contains(found.Features, features.SupportMesh) {
			continue
		}
		entry := test{Name: found.ShortName, Profiles: map[string]string{}}
		for _, profile := range profiles {
			if level := level(found, profile); level != "" {
				entry.Profiles[string(profile.Name)] = level
			}
		}
		listed = append(listed, entry)
	}
	if err := json.NewEncoder(os.Stdout).Encode(listed); err != nil {
		log.Fatal(err)
	}
}

// level is empty for a test of another profile. A test with a feature that is not core counts as extended, as in
// https://github.com/kubernetes-sigs/gateway-api/blob/v1.6.1/conformance/utils/suite/reports.go.
func level(found suite.ConformanceTest, profile suite.ConformanceProfile) string {
	level := "core"
	for _, feature := range found.Features {
		if !profile.CoreFeatures.Has(feature) {
			level = "extended"
			if !profile.ExtendedFeatures.Has(feature) {
				return ""
			}
		}
	}
	return level
}
