(f=>{
const slot="draft:"+location.pathname,line=document.getElementById("unsent"),button=f.querySelector("[type=submit]"),{done,needs}=f.dataset;
let waiting=null,busy=false,pause=2e3,kept=null;
const keep=(fields,sent,arrived)=>{try{localStorage[slot]=JSON.stringify({at:Date.now(),fields,sent,arrived})}catch{}};
const fields=()=>[...new FormData(f)].filter(([,v])=>typeof v=="string"&&v);
async function send(){
if(busy||!waiting)return;
busy=true;button.disabled=true;
const stop=new AbortController(),late=setTimeout(()=>stop.abort(),2e4);
try{
const got=await fetch(f.action,{method:"POST",body:new URLSearchParams(waiting),signal:stop.signal});
if(got.redirected&&new URL(got.url).pathname.startsWith(done)){keep([],0,got.url);waiting=null;location.replace(got.url);return}
if(got.status>=400&&got.status<500&&got.status!=429){keep(waiting,0);f.submit();return}
throw 0
}catch{line.hidden=false;line.scrollIntoView({block:"center"});button.textContent=line.dataset.again;setTimeout(send,pause=Math.min(pause*2,6e4))}
finally{clearTimeout(late);busy=false;button.disabled=false}
}
function wait(all){waiting=all;keep(all,1);f.querySelectorAll("fieldset,.field").forEach(e=>{e.inert=true});send()}
try{kept=JSON.parse(localStorage[slot])}catch{}
const age=kept?Date.now()-kept.at:1/0;
if(kept&&kept.arrived){if(age<6e5)return location.replace(kept.arrived)}
else if(age<(kept&&kept.sent?2592e5:72e5)&&!f.querySelector("[role=alert]")){
for(const[n,v]of kept.fields)for(const e of f.querySelectorAll('[name="'+n+'"]'))if(/^(radio|checkbox)$/.test(e.type))e.checked=e.checked||e.value==v;else if(e.type!="hidden"&&e.type!="file")e.value=v;
f.dispatchEvent(new Event("input"));
if(kept.sent)wait(kept.fields)
}
f.addEventListener("input",()=>waiting||keep(fields().filter(([n])=>!/^(key|version|visit|contact|wants_answer|for_child)$/.test(n)),0));
f.addEventListener("submit",e=>{
const all=fields();
if(!all.some(([n,v])=>n==needs&&v.trim())||[...f.querySelectorAll("[type=file]")].some(e=>e.value))return;
e.preventDefault();waiting?send():wait(all)
});
addEventListener("online",send);
addEventListener("pageshow",e=>{if(e.persisted)location.reload()});
})(document.getElementById("rate"))
