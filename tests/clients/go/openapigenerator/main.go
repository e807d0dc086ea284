// What a service does with the API, through a client that openapi-generator made: run against `demo`.
//
// Usage: openapigenerator URL
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"clients/openapigenerator/gateway"
)

func check(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "not so:", what)
		os.Exit(1)
	}
	fmt.Println("ok:", what)
}

// must gives what came, or ends the program.
func must[T any](value T, _ *http.Response, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

// refused gives the problem document of an error.
func refused(err error) gateway.Problem {
	var refusal *gateway.GenericOpenAPIError
	if errors.As(err, &refusal) {
		if problem, is := refusal.Model().(gateway.Problem); is {
			return problem
		}
	}
	return gateway.Problem{}
}

func main() {
	configuration := gateway.NewConfiguration()
	configuration.Servers = gateway.ServerConfigurations{{URL: os.Args[1]}}
	client := gateway.NewAPIClient(configuration)
	nobody := context.Background()
	ctx := context.WithValue(nobody, gateway.ContextBasicAuth, gateway.BasicAuth{UserName: "fung", Password: "winter-2010"})

	listed := must(client.AccountsAPI.ListAccounts(ctx).Execute())
	check(listed.Total == 2, "the caller's two accounts are listed")
	var own, serviced gateway.Account
	for _, account := range listed.Items {
		if account.UseServiceCredentials {
			serviced = account
		} else {
			own = account
		}
	}
	check(own.LoginType == "userId" && own.GetUserId() == "fung", "a login type is a word")
	check(serviced.UserId.Get() == nil, "userId may be null")
	password := gateway.NewPassword{Password: "pass:wörd 😀&%+"}
	_, err := client.AccountsAPI.SetAccountPassword(ctx, own.ObjectId).NewPassword(password).Execute()
	check(err == nil, "a password is set")
	_, err = client.AccountsAPI.SetAccountPassword(ctx, serviced.ObjectId).NewPassword(password).Execute()
	problem := refused(err)
	check(problem.Code == "password_not_settable" && problem.Upstream.Status == 400, "a refusal is known by its code")

	devices := client.AlternateDevicesAPI
	created := must(devices.CreateAlternateDevice(ctx).AlternateDeviceToCreate(*gateway.NewAlternateDeviceToCreate("0044207946")).Execute())
	device := created.ObjectId
	changes := gateway.NewAlternateDeviceChanges()
	changes.SetDisplayName("Holiday flat")
	_, err = devices.UpdateAlternateDevice(ctx, device).AlternateDeviceChanges(*changes).Execute()
	check(err == nil, "a device is created and changed")
	got := must(devices.GetAlternateDevice(ctx, device).Execute())
	check(got.GetDisplayName() == "Holiday flat", "it is what was written")
	_, err = devices.DeleteAlternateDevice(ctx, device).Execute()
	check(err == nil, "it is deleted")
	_, _, err = devices.GetAlternateDevice(ctx, device).Execute()
	check(refused(err).Code == "alternate_device_not_found", "then it is not found")

	spoken := must(client.UserAPI.GetVoiceName(ctx).Execute())
	_, err = client.UserAPI.SetVoiceName(ctx).Body(spoken).Execute()
	check(err == nil, "a recording is replaced")
	head := make([]byte, 4)
	_, err = io.ReadFull(must(client.UserAPI.GetVoiceName(ctx).Execute()), head)
	check(err == nil && string(head) == "RIFF", "a recording comes as bytes")

	_, _, err = client.AccountsAPI.ListAccounts(nobody).Execute()
	check(refused(err).Code == "credentials_missing", "without credentials nothing is told")
}
